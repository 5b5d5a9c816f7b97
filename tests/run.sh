#!/usr/bin/env bash
# Sets up what is missing, builds, and runs every check and test. One line per stage; what a stage says goes to
# build/<stage>.log and is shown where it fails. Ends with CTest's summary of the main build.
#
#   bash tests/run.sh
set -uo pipefail
repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$repo" || exit
mkdir -p build
failed=()

# stage NAME COMMAND...: a failure is remembered, so that one run shows all of them.
stage() {
  local name=$1 log=build/$1.log start=$SECONDS result=ok
  shift
  "$@" >"$log" 2>&1 || result=FAILED
  printf '%-6s  %-14s %4d s\n' "$result" "$name" "$((SECONDS - start))"
  if [[ $result == FAILED ]]; then
    failed+=("$name")
    tail -n 60 "$log"
    return 1
  fi
}

formatted() {
  local files
  mapfile -t files < <(
    git ls-files --cached --others --exclude-standard '*.cpp' '*.hpp' '*.cu' 2>/dev/null ||
      find include src launch data_prep tests -name '*.[ch]pp' -o -name '*.cu'
  )
  clang-format --dry-run -Werror "${files[@]}"
}

test_folder() {
  ctest --test-dir "$1" --output-on-failure --no-tests=error --parallel "$(nproc)"
}

bash launch/setup.sh --tests || exit
stage build bash launch/build.sh build -DCMAKE_BUILD_TYPE=Release
stage format formatted
stage clang-warnings .deps/venv/bin/python tests/support/clang_warnings.py build
if stage build-asan bash launch/build.sh build-asan -DCMAKE_BUILD_TYPE=Debug -DTITRATE_SANITIZE=ON; then
  stage test-asan test_folder build-asan
fi

if ((${#failed[@]})); then
  printf 'failed before the main tests: %s\n' "${failed[*]}"
fi
[[ " ${failed[*]} " != *" build "* ]] || exit 1
test_folder build || failed+=(test)
((${#failed[@]} == 0))
