#!/usr/bin/env bash
# How a session ends, seen from outside: one line of ours, the right code, and nobody left waiting.
# Usage: session_exit_test.sh PROGRAM LAUNCHER... (the launcher may be empty: a session alone)
set -u
program=$1
shift
failures=0

# expect CODE LINE MODE: LINE is what the output must hold exactly once; "" for nothing from us.
expect() {
  local code=$1 line=$2 mode=$3 output found
  shift 3
  output=$(timeout 30 "$@" "$program" "$mode" 2>&1)
  local got=$?
  found=$(grep -c '^titrate: ' <<<"$output")
  if [ "$got" != "$code" ] || [ "$found" != "$([ -n "$line" ] && echo 1 || echo 0)" ] ||
    { [ -n "$line" ] && ! grep -qxF "$line" <<<"$output"; }; then
    printf '%s: expected exit %s and "%s", got exit %s and:\n%s\n' "$mode" "$code" "$line" "$got" "$output"
    failures=$((failures + 1))
  fi
}

expect 0 '' fine "$@"
expect 3 'titrate: shard: is damaged' everywhere "$@"
expect 4 'titrate: disk: is full' alone "$@"
expect 86 '' abort "$@"
exit "$((failures > 0))"
