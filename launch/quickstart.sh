#!/usr/bin/env bash
# From nothing to a report: sets up what is missing, builds, packs a dataset and sweeps a small study on all cores.
#
#   bash launch/quickstart.sh          digits that titrate draws itself
#   bash launch/quickstart.sh DIR      a folder with MNIST-style IDX files (train-images-idx3-ubyte[.gz], ...)
set -euo pipefail
repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source "$repo/launch/common.sh"

(($# <= 1)) || fail "one argument at most: the folder with IDX files"
study=quickstart
name=quickstart
pack_options=()
inputs=''
if (($# == 1)); then
  [[ -d $1 ]] || fail "$1 is not a folder; expected one with MNIST-style IDX files"
  data=$(cd "$1" && pwd)
  inputs=$(cd "$data" && stat -c '# %n %s bytes %y' -- *-idx[13]-ubyte* 2>/dev/null) ||
    fail "$data holds no IDX file; expected train-images-idx3-ubyte[.gz], train-labels-idx1-ubyte[.gz] and t10k-... of both"
  study=quickstart-idx
  name=$(basename "$data")
  pack_options=(--data-root "$data")
  [[ $name != quickstart ]] || name=quickstart-idx
fi
studies=$repo/launch/studies/$study
dataset=$repo/datasets/$name
run=$repo/runs/$name

bash "$repo/launch/setup.sh"
say "quickstart: building (minutes the first time)"
mkdir -p "$repo/build"
if ! bash "$repo/launch/build.sh" >"$repo/build/quickstart.log" 2>&1; then
  tail -n 30 "$repo/build/quickstart.log" >&2
  fail "the build failed (all of it in build/quickstart.log)"
fi

# What the dataset was packed from is noted beside it, so that the next start knows whether it is still the same.
packed_from=$(printf '%s\n%s\n' "${data:+# $data}" "$inputs" | sed '/^$/d' && cat "$studies/recipe.toml")
if [[ -e $dataset.packed_from && $(cat "$dataset.packed_from") == "$packed_from" ]] &&
  "$repo/build/titrate-prep" verify "$dataset" >/dev/null; then
  say "quickstart: $dataset is there"
else
  mkdir -p "$repo/datasets"
  "$repo/build/titrate-prep" pack "$studies/recipe.toml" --out "$dataset" --force "${pack_options[@]}"
  printf '%s\n' "$packed_from" >"$dataset.packed_from"
fi

bash "$repo/launch/run_local.sh" sweep "$studies/study.toml" --dataset "$dataset" --out "$run"
echo "$run/report.html"
