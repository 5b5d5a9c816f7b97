#!/usr/bin/env bash
# Sets up what is missing, builds, and runs every check and test. One line per stage; what a stage says goes to
# build/<stage>.log and is shown where it fails. Ends with CTest's summary of the main build.
#
#   bash tests/run.sh [--quick | [--full] [--fuzz] [--soak]]
#
# --quick: build, format, arrows, unit tests, and golden files with one sweep: some minutes, for while you work
# --full: every fault as often as it is meant to be tried (20 kills of each kind, every failing call, 2,000 damaged pictures),
#         more numbers of ranks, titrate without what trains, and clang-tidy
# --fuzz: also each fuzz target for 20 seconds
# --soak: also 200 deaths of sweeps at random moments; nothing may be lost
set -uo pipefail
repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$repo" || exit
mkdir -p build
failed=()
quick=false full=false fuzz=false soak=false
for argument in "$@"; do
  case $argument in
    --quick) quick=true ;;
    --full) full=true TITRATE_FULL=1 && export TITRATE_FULL ;;
    --fuzz) fuzz=true ;;
    --soak) soak=true ;;
    *)
      printf 'run.sh: unknown argument %s; expected --quick, --full, --fuzz or --soak\n' "$argument" >&2
      exit 2
      ;;
  esac
done

if $quick && { $full || $fuzz || $soak; }; then
  printf 'run.sh: --quick leaves out what --full, --fuzz and --soak add; expected --quick alone, or without it\n' >&2
  exit 2
fi

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

# test_folder FOLDER [ARGUMENT OF CTEST]...
# More at once than there are cores: many wait, for a rank to be missed or a time limit to pass.
# Where several sweeps of one user start and end on one host, the last to end removes the folder that Open MPI has for them
# just as the first of the next looks for it, unless there is something in it.
test_folder() {
  local folder result build=$1
  shift
  folder=${TMPDIR:-/tmp}/ompi.$(hostname -s).$(id -u)
  (umask 077 && mkdir -p "$folder/kept-$$")
  ctest --test-dir "$build" --output-on-failure --no-tests=error --parallel $((($(nproc) * 3 + 1) / 2)) "$@"
  result=$?
  rmdir --ignore-fail-on-non-empty "$folder/kept-$$" "$folder"
  return $result
}

# strict_build FOLDER ARGUMENT...: as build.sh, with warnings as errors.
strict_build() {
  bash launch/build.sh "$1" -DCMAKE_COMPILE_WARNING_AS_ERROR=ON "${@:2}"
}

# By clang: its warnings, and its instructions, are other than those of the compiler of the main build.
build_asan() {
  CC=clang CXX=clang++ strict_build build-asan --target sanitized -DCMAKE_BUILD_TYPE=Debug -DTITRATE_SANITIZE=ON
}

build_fuzz() {
  CC=clang CXX=clang++ strict_build build-fuzz --target all -DCMAKE_BUILD_TYPE=RelWithDebInfo -DTITRATE_FUZZ=ON \
    -DTITRATE_SANITIZE=ON -DTITRATE_TRAINING=OFF
}

# As a laptop has it, to look at what was trained elsewhere.
build_report() {
  local folder result
  strict_build build-report --target titrate -DCMAKE_BUILD_TYPE=Release -DTITRATE_TRAINING=OFF || return
  folder=$(mktemp -d)
  cp -r tests/golden/run "$folder" && build-report/titrate report "$folder/run"
  result=$?
  rm -rf "$folder"
  return $result
}

# File by file: the names are not taken for regular expressions, and where there is no file it fails.
# GCC's precompiled headers are left out of the commands: clang cannot read them.
tidy() {
  mkdir -p build/tidy
  sed -E 's/-include (\\"[^"]*"|[^ ]*cmake_pch\.hxx)//' build/compile_commands.json >build/tidy/compile_commands.json
  find "$PWD"/{src,launch,data_prep} -name '*.cpp' -print0 | xargs -0 -P "$(nproc)" -n 1 clang-tidy -quiet -p build/tidy
}

# What it finds stays in build-fuzz/corpus/NAME and as crash-* beside it.
fuzz_target() {
  local name=$1 found=build-fuzz/corpus/$1
  mkdir -p "$found"
  "build-fuzz/tests/${name}_fuzz" -max_total_time=20 -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
    -artifact_prefix="build-fuzz/$name-" "$found" "tests/fuzz/corpus/$name"
}

bash launch/setup.sh --tests || exit
if $quick; then
  stage build strict_build build --target quick -DCMAKE_BUILD_TYPE=Release || exit
  stage format formatted
  test_folder build --label-regex '^quick$' || failed+=(test)
  ((${#failed[@]} == 0))
  exit
fi
stage build strict_build build --target all -DCMAKE_BUILD_TYPE=Release
stage format formatted
if stage build-asan build_asan; then
  stage test-asan test_folder build-asan
fi
stage clang-warnings .deps/venv/bin/python tests/support/clang_warnings.py build build-asan
if $full; then
  stage build-report build_report
  stage clang-tidy tidy
fi

if $fuzz && stage build-fuzz build_fuzz; then
  for target in tests/fuzz/*_fuzz.cpp; do
    target=${target##*/}
    stage "fuzz-${target%_fuzz.cpp}" fuzz_target "${target%_fuzz.cpp}"
  done
fi

if ((${#failed[@]})); then
  printf 'failed before the main tests: %s\n' "${failed[*]}"
fi
[[ " ${failed[*]} " != *" build "* ]] || exit 1
if $soak; then
  stage soak .deps/venv/bin/python tests/e2e/soak.py build && tail -n 1 build/soak.log
fi
more=()
$full || more=(--label-exclude '^full$')
test_folder build "${more[@]}" || failed+=(test)
((${#failed[@]} == 0))
