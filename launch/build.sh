#!/usr/bin/env bash
# Configures and builds with CMake and Ninja, with the LibTorch and the CUDA toolkit that setup.sh settled on.
#
#   bash launch/build.sh [FOLDER [--target NAME | CMAKE ARGUMENT]...]
#
# FOLDER: relative to the repository, `build` if not given. --target: builds this alone, and may be given more than once.
# Without it, what a user needs: titrate (with its engines) and titrate-prep. `--target all` is the tests too, which need
# GoogleTest and Python.
set -euo pipefail
repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source "$repo/launch/common.sh"

folder=build
if (($#)) && [[ $1 != -* ]]; then
  folder=${1:-build}
  shift
fi
targets=() given=() tests=false
while (($#)); do
  if [[ $1 == --target ]]; then
    (($# > 1)) || fail "--target needs a name"
    targets+=(--target "$2")
    [[ $2 == titrate || $2 == titrate-prep ]] || tests=true
    shift
  else
    given+=("$1")
  fi
  shift
done
((${#targets[@]})) || targets=(--target titrate --target titrate-prep)

torch=$(user_torch)
prefixes=$(user_prefixes)$'\n'${torch:-$(venv_torch)}
arguments=(-G Ninja "-DCMAKE_PREFIX_PATH=$(sed '/^$/d' <<<"$prefixes" | paste -sd ';')" "-DTITRATE_CUDA=${TITRATE_CUDA:-AUTO}")
if command -v ccache >/dev/null; then
  arguments+=(-DCMAKE_C_COMPILER_LAUNCHER=ccache "-DCMAKE_CXX_COMPILER_LAUNCHER=env;CCACHE_SLOPPINESS=pch_defines,time_macros;ccache")
fi
# A folder that has tests keeps them, or it would lose what is compiled of them.
if $tests; then
  arguments+=(-DBUILD_TESTING=ON)
elif [[ ! -e $repo/$folder/CMakeCache.txt ]]; then
  arguments+=(-DBUILD_TESTING=OFF)
fi
cuda=$(cuda_choice)
if [[ $cuda == on && -z ${CUDAToolkit_ROOT:-} ]]; then
  nvcc=$(find_nvcc)
  export CUDAToolkit_ROOT=${nvcc%/bin/nvcc}
fi
cmake -S "$repo" -B "$repo/$folder" "${arguments[@]}" "${given[@]}"
cmake --build "$repo/$folder" "${targets[@]}" --parallel "${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}"
