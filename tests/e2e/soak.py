"""Random deaths of golden sweeps, of a rank, of mpirun, of two ranks at once, or of a rank that stands still until the
watchdog ends the job; after each the same command, which may die again. One line of figures; 0 only where nothing was lost.

    python3 tests/e2e/soak.py BUILD_FOLDER [--count N]
"""

import argparse
import collections
import dataclasses
import shutil
import sys
import time
from signal import SIGKILL

import golden
import harm
from golden import WORK, check_whole, forget_probes, processes, start, survivors
from harm import finish_killed, random_moment, records, send, stop_a_rank
from running import RANDOM, SEED

HANG = 60  # seconds
WATCHED = ["--watchdog", "3"]


def kill(choose):
    def strike(process, out, count):
        send(SIGKILL, choose(process.pid, list(random_moment(process, out, count).values())))
    return strike


# What is done to a run, and the exit code that comes of it.
DEATHS = {
    "of a rank": (kill(lambda mpirun, living: RANDOM.sample(living, 1)), 137),
    "of two ranks": (kill(lambda mpirun, living: RANDOM.sample(living, 2)), 137),
    "of mpirun": (kill(lambda mpirun, living: [mpirun]), -9),
    "of a rank that stood still": (stop_a_rank, 86),
}


@dataclasses.dataclass
class Figures:
    deaths: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    sweeps: int = 0
    lost: int = 0
    differing: int = 0
    hangs: int = 0
    survivors: int = 0
    wrong_codes: int = 0

    def bad(self):
        return self.lost + self.differing + self.hangs + self.survivors + self.wrong_codes

    def line(self, seconds):
        kinds = ", ".join(f"{number} {kind}" for kind, number in sorted(self.deaths.items()))
        return (f"soak: {self.deaths.total()} deaths ({kinds}) in {self.sweeps} sweeps, {seconds / 60:.1f} minutes: "
                f"{self.lost} finished trials lost, {self.differing} differing rows, {self.hangs} hangs over {HANG} s, "
                f"{self.survivors} survivors, {self.wrong_codes} other exit codes")


def complain(out, what):
    print(f"{out.name}, TITRATE_SEED={SEED}: {what}", file=sys.stderr, flush=True)


def ended(process, out, figures, codes):
    """Its exit code, once nothing of it is left."""
    try:
        result = finish_killed(process, out, HANG)
    except AssertionError as hang:
        figures.hangs += 1
        complain(out, hang)
        result = None
    if living := survivors(out):
        figures.survivors += len(living)
        complain(out, f"{len(living)} processes live on")
        send(SIGKILL, processes(out))
        survivors(out)
    if result is None:
        return None
    if result.returncode not in codes:
        figures.wrong_codes += 1
        complain(out, f"exit code {result.returncode}: {result.stderr}")
    return result.returncode


def run_and_die(out, count, figures):
    """Whether it died, and had not come to its end before."""
    kind = RANDOM.choice(list(DEATHS))
    strike, code = DEATHS[kind]
    process = start(out, count, *WATCHED)
    strike(process, out, count)
    died = ended(process, out, figures, (0, code)) == code
    figures.deaths[kind] += died
    return died


def one_sweep(out, most_deaths, figures):
    count, seen = RANDOM.choice([2, 3, 4]), set()
    figures.sweeps += 1
    for _ in range(RANDOM.randint(1, most_deaths)):
        run_and_die(out, count, figures)
        figures.lost += len(seen - records(out))
        seen |= records(out)
    forget_probes(out)
    ended(start(out, count, *WATCHED), out, figures, (0,))
    figures.lost += len(seen - records(out))
    compare(out, figures)


def compare(out, figures):
    table = out / "trials.csv"
    rows = table.read_bytes().splitlines() if table.exists() else []
    differing = len(set(rows) ^ set(golden.reference().splitlines()))
    try:
        check_whole(out)
        shutil.rmtree(out)
    except (AssertionError, OSError) as error:
        complain(out, error)
        differing = max(differing, 1)
    figures.differing += differing


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--count", type=int, default=200, help="deaths")
    count = parser.parse_args().count
    began, figures = time.monotonic(), Figures()
    harm.prepare()
    while (left := count - figures.deaths.total()) > 0:
        one_sweep(WORK / f"sweep {figures.sweeps + 1}", min(3, left), figures)
        print(f"\r{figures.deaths.total()} of {count}", end="", file=sys.stderr, flush=True)
    print(f"\n{figures.line(time.monotonic() - began)}")
    if figures.bad() == 0:
        golden.clean_up()
    return int(figures.bad() > 0)


if __name__ == "__main__":
    sys.exit(main())
