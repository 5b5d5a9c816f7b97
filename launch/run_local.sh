#!/usr/bin/env bash
# Runs titrate under mpirun on this machine, with one rank per GPU (or --trials-per-gpu N of them), or per core where
# there is none.
#
#   bash launch/run_local.sh sweep STUDY.toml --out DIR ...
#
# TITRATE_RANKS=N  another number of ranks
# Lies beside titrate once installed, and finds build/titrate in the source tree.
set -euo pipefail
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
titrate=$here/titrate
[[ -x $titrate ]] || titrate=$here/../build/titrate
if [[ ! -x $titrate ]]; then
  echo "run_local.sh: $titrate is not there; build it: bash launch/build.sh" >&2
  exit 2
fi

# The GPUs that the ranks will use: none where titrate was built without CUDA, whatever the machine has.
count_gpus() {
  if [[ $(ldd "$titrate") != *libcudart* ]]; then
    echo 0
  elif [[ -n ${CUDA_VISIBLE_DEVICES+set} ]]; then
    tr ',' '\n' <<<"$CUDA_VISIBLE_DEVICES" | grep -c '^[^-]' || true
  else
    { nvidia-smi -L 2>/dev/null || true; } | grep -c '^GPU' || true
  fi
}

# Physical cores, which are what mpirun counts: two threads of one core train no faster than one.
cores=$(lscpu --parse=SOCKET,CORE | grep -v '^#' | sort -u | wc -l)
usable=$(env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc)  # nproc would obey them
slots=$((usable < cores ? usable : cores))
ranks=${TITRATE_RANKS:-}
if [[ -z $ranks ]]; then
  ranks=$(count_gpus)
  [[ ! " $* " =~ ' --trials-per-gpu'[=\ ]([1-9][0-9]*)' ' ]] || ranks=$((ranks * BASH_REMATCH[1]))
  [[ " $* " != *' --device cpu '* && " $* " != *' --device=cpu '* ]] || ranks=0
  ((ranks > 0)) || ranks=$slots
elif ! [[ $ranks =~ ^[1-9][0-9]*$ ]]; then
  echo "run_local.sh: TITRATE_RANKS=$ranks; expected a number of ranks, 1 or more" >&2
  exit 2
fi

# A lost link would leave mpirun waiting for ever: keepalives end it within seconds.
flags=(-np "$ranks" --mca oob_tcp_keepalive_time 5 --mca oob_tcp_keepalive_intvl 2 --mca oob_tcp_keepalive_probes 2)
[[ $(id -u) != 0 ]] || flags+=(--allow-run-as-root)
((ranks <= slots)) || flags+=(--oversubscribe)
# Ranks are bound only when they take the whole machine: mpirun binds from the first core on, so two smaller runs
# side by side would share cores and leave others idle.
if ((ranks == cores && usable == cores)); then flags+=(--bind-to core); else flags+=(--bind-to none); fi
# Under mpirun stderr is a pipe; this says that a terminal is at its other end.
[[ ! -t 2 ]] || export TITRATE_TERMINAL=1
export OMP_NUM_THREADS=1
exec mpirun "${flags[@]}" "$titrate" "$@"
