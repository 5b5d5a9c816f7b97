# What the launch scripts share. Sourced, with `repo` set to the root of the source tree.

say() { printf '%s\n' "$*" >&2; }

fail() {
  say "${0##*/}: $*"
  exit 1
}

# CMAKE_PREFIX_PATH, one folder per line (the environment separates them by colons, CMake by semicolons).
user_prefixes() {
  printf '%s\n' "${CMAKE_PREFIX_PATH:-}" | tr ':;' '\n\n' | sed '/^$/d'
}

# The user's own LibTorch: the folder above its include/ and lib/. Nothing when there is none.
user_torch() {
  { [[ -z ${Torch_DIR:-} ]] || printf '%s\n' "${Torch_DIR%/share/cmake/Torch*}"; user_prefixes; } |
    while IFS= read -r prefix; do
      if [[ -e $prefix/include/ATen/ATen.h && -e $prefix/lib/libtorch_cpu.so ]]; then
        printf '%s\n' "$prefix"
        break
      fi
    done
}

# The LibTorch that setup.sh installed. Nothing before that.
venv_torch() {
  compgen -G "$repo/.deps/venv/lib/python3.*/site-packages/torch" || true
}

# The CUDA compiler, where there is a toolkit.
find_nvcc() {
  command -v nvcc && return
  local root
  for root in "${CUDA_HOME:-}" /usr/local/cuda; do
    if [[ -n $root && -x $root/bin/nvcc ]]; then
      printf '%s\n' "$root/bin/nvcc"
      return
    fi
  done
}

# TITRATE_CUDA=AUTO|ON|OFF and the toolkit decide: prints "on" or "off".
cuda_choice() {
  case ${TITRATE_CUDA:-AUTO} in
    OFF) echo off ;;
    AUTO) if [[ -n $(find_nvcc) ]]; then echo on; else echo off; fi ;;
    ON)
      [[ -n $(find_nvcc) ]] ||
        fail "TITRATE_CUDA=ON, but there is no CUDA toolkit; install CUDA 13 or put its nvcc on PATH (CUDA_HOME works too)"
      echo on
      ;;
    *) fail "TITRATE_CUDA=$TITRATE_CUDA; expected AUTO, ON or OFF" ;;
  esac
}
