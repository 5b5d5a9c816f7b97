#!/usr/bin/env bash
# The README's first command, from another working directory: it ends with 0 and names a page that is there.
set -euo pipefail
repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd /
output=$(bash "$repo/launch/quickstart.sh")
printf '%s\n' "$output"
page=$(tail -n 1 <<<"$output")
[[ $page == "$repo"/runs/*/report.html ]]
grep -q '</html>' "$page"
grep -q '48 of 48 trials done' <<<"$output"
