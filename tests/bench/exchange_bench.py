"""The exchange of a group of two ranks against a bare MPI_Allreduce and against torch.distributed's Gloo, over loopback.

    .deps/venv/bin/python tests/bench/exchange_bench.py BUILD_FOLDER [--rounds 7] [--calls 200]

The first two take turns call by call (exchange_bench.cpp), Gloo with both round by round; a figure is the median of the
rounds, each of which is the median of its calls, and stands with the least and the most of the rounds. At most 1.1 times
MPI_Allreduce, and a third of Gloo's time, for what the zoo's networks exchange. Exits with 1 where that is missed.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
MPIRUN = ["mpirun", "--bind-to", "none", "-np", "2"] + (["--allow-run-as-root"] if os.getuid() == 0 else [])
COUNTS = [22_000, 100_000, 400_000, 1_200_000, 1_700_000]


def medians(command, calls):
    """Microseconds by count of floats."""
    environment = dict(os.environ, OMP_NUM_THREADS="1")
    command = [str(part) for part in [*command, calls, *COUNTS]]
    result = subprocess.run(command, capture_output=True, text=True, env=environment)
    if result.returncode != 0:
        sys.exit(f"{command[0]} ended with {result.returncode}: {result.stderr}")
    rows = [[float(word) for word in line.split()] for line in result.stdout.splitlines()]
    return {int(count): values for count, *values in rows}


def spread(values, form):
    return f"{statistics.median(values):{form}} ({min(values):{form}} to {max(values):{form}})"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--calls", type=int, default=200)
    given = parser.parse_args()
    print(f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}")
    rounds, failed = [], False
    for _ in range(given.rounds):
        ours = medians([*MPIRUN, given.build.resolve() / "tests/exchange_bench"], given.calls)
        gloo = medians([sys.executable, HERE / "gloo_peer.py"], given.calls)
        rounds.append({count: (*ours[count], *gloo[count]) for count in COUNTS})
    for count in COUNTS:
        found = [entry[count] for entry in rounds]
        against_mpi = [exchange / bare for exchange, bare, _ in found]
        against_gloo = [gloo / exchange for exchange, _, gloo in found]
        good = statistics.median(against_mpi) <= 1.1 and statistics.median(against_gloo) >= 3
        failed |= not good
        exchange, bare, gloo = (spread(column, ",.0f") for column in zip(*found))
        print(
            f"{'ok' if good else 'MISSED':6} {count:9,} floats: {exchange} us, MPI_Allreduce {bare}, Gloo {gloo}; "
            f"{spread(against_mpi, '.2f')} times MPI_Allreduce, Gloo takes {spread(against_gloo, '.1f')} times as long"
        )
    print(f"load average {os.getloadavg()[0]:.1f} in the end")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
