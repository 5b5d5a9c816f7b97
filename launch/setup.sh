#!/usr/bin/env bash
# Brings this machine to where CMake configures: system packages by name, and LibTorch, which is the pinned PyPI
# wheel of PyTorch in the private folder .deps/venv. Doing it again costs nothing.
#
#   bash launch/setup.sh [--tests | --report]
#
# --tests: also what tests/run.sh needs
# --report: only what shows results elsewhere needs, neither MPI nor LibTorch; then
#           bash launch/build.sh build-report --target titrate -DTITRATE_TRAINING=OFF
#
# TITRATE_CUDA=AUTO|ON|OFF  with CUDA libraries (5 GB) or without (1.5 GB); AUTO looks for a CUDA toolkit
# Torch_DIR, CMAKE_PREFIX_PATH  a LibTorch of your own found there is taken instead of the wheel
set -euo pipefail
repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source "$repo/launch/common.sh"

training=true tests=false
case "$*" in
  '') ;;
  --tests) tests=true ;;
  --report) training=false ;;
  *) fail "unknown argument '$*'; expected nothing, --tests or --report" ;;
esac

# Debian package, and what shows on any other system that its content is there: a header or a command.
packages='
  g++                  g++
  cmake                cmake
  ninja-build          ninja
  pkg-config           pkg-config
  ccache               -
  libhdf5-dev          h5cc
  libcli11-dev         CLI/CLI.hpp
  libspdlog-dev        spdlog/spdlog.h
  libfmt-dev           fmt/core.h
  nlohmann-json3-dev   nlohmann/json.hpp
  libtomlplusplus-dev  toml++/toml.h
  libxxhash-dev        xxhash.h
  libssl-dev           openssl/evp.h
  zlib1g-dev           zlib.h
  libpng-dev           png.h
  libjpeg-dev          jpeglib.h
  libzip-dev           zip.h
'
training_packages='
  libopenmpi-dev       mpicxx
  openmpi-bin          mpirun
'
test_packages='
  libgtest-dev         gtest/gtest.h
  clang                clang++
  clang-format         clang-format
  clang-tidy           clang-tidy
  libclang-rt-dev      -
  hdf5-tools           h5ls
  strace               -
  slurm-wlm            -
'

# The first python3 that the wheels exist for and that can make a venv (Debian's cannot without python3-venv).
find_python() {
  local python
  for python in python3 /usr/bin/python3 python3.13 python3.12 python3.11 python3.10; do
    if "$python" -c 'import ensurepip, sys, venv; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
      command -v "$python"
      return
    fi
  done
}

is_there() {
  case $1 in
    -) ;;  # makes things faster, comes with another on such systems, or is skipped aloud by tests
    *.h | *.hpp)
      local flags=() prefix
      while IFS= read -r prefix; do flags+=(-I "$prefix/include"); done < <(user_prefixes)
      printf '#include <%s>\n' "$1" | g++ "${flags[@]}" -x c++ -std=c++20 -E - >/dev/null 2>&1
      ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

may_be_root() {
  [[ $(id -u) == 0 ]] || sudo -n true 2>/dev/null || { [[ -t 0 ]] && command -v sudo >/dev/null; }
}

install_packages() {
  local missing=("$@") root=()
  [[ $(id -u) == 0 ]] || root=(sudo)
  say "setup: installing ${#missing[@]} Debian packages: ${missing[*]}"
  mkdir -p "$repo/.deps"
  if ! { "${root[@]}" apt-get -qq update &&
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}"; } \
    >"$repo/.deps/apt.log" 2>&1 </dev/null; then
    tail -n 20 "$repo/.deps/apt.log" >&2
    fail "apt-get failed (all of it in .deps/apt.log); repair that, or install by hand: ${missing[*]}"
  fi
}

system_packages() {
  local list=$packages
  if $training; then list+=$training_packages; fi
  if $tests; then list+=$test_packages; fi
  local -A probe_of=()
  local name probe installed='' missing=() absent=()
  while read -r name probe; do
    [[ -z $name ]] || probe_of[$name]=$probe
  done <<<"$list"
  if command -v dpkg-query >/dev/null; then
    installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "${!probe_of[@]}" 2>/dev/null | sed -n 's/ installed$//p') || true
  fi
  for name in "${!probe_of[@]}"; do
    grep -Fqx -- "$name" <<<"$installed" || missing+=("$name")
  done
  if $training && [[ -z $(find_python) ]]; then missing+=(python3-venv); fi

  if ((${#missing[@]} == 0)); then
    say "setup: system packages are there"
  elif command -v apt-get >/dev/null && may_be_root; then
    install_packages "${missing[@]}"
  else
    for name in "${missing[@]}"; do
      [[ -n ${probe_of[$name]:-} ]] && is_there "${probe_of[$name]}" || absent+=("$name")
    done
    ((${#absent[@]} == 0)) ||
      fail "this needs root and apt-get, or these packages, by the names Debian gives them: ${absent[*]}"
    say "setup: what the system packages hold is there"
  fi
}

# PyPI's PyTorch has no CPU-only form: its Python half is linked with GPU libraries that a run on the CPU never calls.
# Stand-ins that hold their names, and trap if they were called, let `import torch` work for the tests that compare with
# PyTorch. They lie in torch/lib, where the loader looks last, so the real ones win wherever they are.
stand_in_libraries() {
  (
    cd "$(venv_torch)/lib"
    export LC_ALL=C
    { ldd -r libtorch_python.so; ldd -r libtorch_cuda_linalg.so; } >"$1/ldd" 2>&1 || true
    awk '/undefined symbol:/ { sub(",$", "", $3); print $3 }' "$1/ldd" | sort -u |
      awk 'BEGIN { print ".text" } { print ".globl " $1; print $1 ":" } END { print "ud2" }' >"$1/names.s"
    for library in $(awk '/=> not found/ { print $1 }' "$1/ldd" | sort -u); do
      # The loader insists on the symbol version that PyTorch asks this library for.
      objdump -p libtorch_python.so libtorch_cuda.so libtorch_cuda_linalg.so libtorch_nvshmem.so |
        awk -v from="$library:" '/required from/ { here = $3 == from } here && NF == 4 { name = $4 } END { print name " { *; };" }' \
          >"$1/version"
      g++ -shared -nostdlib -Wl,-z,noexecstack -Wl,-soname,"$library" -Wl,--version-script="$1/version" -o "$library" "$1/names.s"
    done
  )
}

# $1: what to install: "tests" (numpy, h5py), "cpu" (and LibTorch) or "cuda" (and its CUDA libraries). Each requirements
# file includes the one before it, so a larger installation serves a smaller wish.
python_packages() {
  local venv=$repo/.deps/venv stamp=$repo/.deps/venv/installed
  local want=$1 level have='' sums
  sums=$(cd "$repo/launch" && sha256sum requirements-{tests,cpu,cuda}.txt)
  if "$venv/bin/python" -c '' 2>/dev/null && [[ -e $stamp && $(tail -n +2 "$stamp") == "$sums" ]]; then
    have=$(head -n 1 "$stamp")
  fi
  for level in cuda cpu tests; do
    if [[ $have == "$level" ]]; then
      say "setup: .deps/venv is there ($have)"
      return
    fi
    [[ $want != "$level" ]] || break
  done

  [[ $(uname -sm) == 'Linux x86_64' ]] ||
    fail "the pinned wheels are for Linux on x86_64; set Torch_DIR to a LibTorch 2.11 for $(uname -sm)"
  # Wheels and what they unpack to lie side by side until pip is done, in .deps, so that one disk has to hold them.
  local need_megabytes=500 free_megabytes torch
  torch=$(venv_torch)
  if [[ $want != tests && ! -e $torch/lib/libtorch_cpu.so ]]; then need_megabytes=2500; fi
  if [[ $want == cuda && ! -e $torch/../nvidia/cudnn ]]; then need_megabytes=8300; fi
  mkdir -p "$repo/.deps/tmp"
  free_megabytes=$(df -Pm "$repo/.deps" | awk 'NR == 2 { print $4 }')
  ((free_megabytes >= need_megabytes)) ||
    fail "the disk of $repo/.deps has $free_megabytes MB free; LibTorch ($want) needs $need_megabytes MB$([[ $want != cuda ]] || echo ', or 2500 MB without GPU support: TITRATE_CUDA=OFF')"

  if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    local python
    python=$(find_python)
    say "setup: making .deps/venv with $("$python" -V)"
    "$python" -m venv --clear "$venv" >"$repo/.deps/pip.log" 2>&1 ||
      fail "$python -m venv failed (see .deps/pip.log); apt-get install python3-venv"
  fi
  say "setup: installing requirements-$want.txt into .deps/venv$([[ $want == tests ]] || echo ' (LibTorch; a minute or more)')"
  if ! TMPDIR=$repo/.deps/tmp "$venv/bin/python" -m pip install --disable-pip-version-check --no-input --no-cache-dir \
    --require-hashes --no-deps --only-binary=:all: -r "$repo/launch/requirements-$want.txt" >"$repo/.deps/pip.log" 2>&1; then
    tail -n 20 "$repo/.deps/pip.log" >&2
    fail "pip failed (all of it in .deps/pip.log); check the network and the disk, or set Torch_DIR to a LibTorch 2.11 of your own"
  fi
  if [[ $want == cpu ]]; then stand_in_libraries "$repo/.deps/tmp"; fi
  rm -rf "$repo/.deps/tmp"
  printf '%s\n' "$want" "$sums" >"$stamp"
}

if ! $training; then
  system_packages
  exit
fi
cuda=$(cuda_choice)
system_packages
own=$(user_torch)
if [[ -n $own ]]; then
  say "setup: LibTorch is your own at $own"
  if $tests; then python_packages tests; fi
else
  [[ -z ${Torch_DIR:-} ]] ||
    fail "Torch_DIR=$Torch_DIR has no LibTorch above it (include/ATen/ATen.h, lib/libtorch_cpu.so); correct it, or unset it to get the wheel"
  if [[ $cuda == on ]]; then python_packages cuda; else python_packages cpu; fi
fi
