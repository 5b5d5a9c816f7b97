# What the templates share, sourced by them: the environment of a job, and what follows when titrate was stopped on request.
source "$(dirname "${BASH_SOURCE[0]}")/site.env"
# Words, so no quotes; and before the shell grows strict, because modules use variables that are not set.
# shellcheck disable=SC2086
if [[ -n $TITRATE_MODULES ]]; then module load $TITRATE_MODULES || exit 1; fi
set -euo pipefail
export OMP_NUM_THREADS=1
unset SLURM_EXPORT_ENV  # after sbatch --export=NONE, srun would hand nothing of all this to the ranks

# $1: titrate or titrate-prep. Sets `program`, the words that run it.
find_program() {
  program=(${TITRATE_CONTAINER[@]+"${TITRATE_CONTAINER[@]}"} "$TITRATE_PROGRAMS/$1")  # an empty one is unset to bash 4.3
  if ! command -v -- "${program[0]}" >/dev/null; then
    echo "titrate: ${program[0]} is no program on $HOSTNAME; bash launch/build.sh, or TITRATE_PROGRAMS in slurm/site.env" >&2
    exit 2
  fi
}

# $1: a child of this shell; $2: what it gets when Slurm's USR1 comes, to this shell alone (B:). That also ends a wait, which is
# then done again. Sets `status`, how the child ended, and `asked`, whether the signal came.
wait_for() {
  local signalled=true
  asked=false
  # shellcheck disable=SC2064
  trap "signalled=true; asked=true; kill -$2 $1 2>/dev/null || true" USR1
  while $signalled; do
    signalled=false
    status=0
    wait "$1" || status=$?
  done
}

# $1: how titrate ended. 75 is "stopped on request, run again to resume": the job joins the queue again.
end_job() {
  if (($1 == 75)); then
    local restarts=${SLURM_RESTART_COUNT:-0}
    if ((restarts >= TITRATE_MOST_RESTARTS)); then
      echo "titrate: stopped after $restarts restarts (TITRATE_MOST_RESTARTS in slurm/site.env); sbatch again to go on" >&2
    else
      # Said before: a requeue that succeeds may end this shell at once.
      echo "titrate: job $SLURM_JOB_ID goes on when it is its turn again (restart $((restarts + 1)))" >&2
      scontrol requeue "$SLURM_JOB_ID" ||
        echo "titrate: job $SLURM_JOB_ID cannot be requeued; sbatch again to go on" >&2
    fi
  fi
  exit "$1"
}
