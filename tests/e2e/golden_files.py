"""Golden files, tests/golden: what the programs said and wrote when the files were made, and how that is compared."""

import difflib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

BUILD = Path(sys.argv[1]).resolve()
UPDATE = "--update" in sys.argv[2:]
REPOSITORY = Path(__file__).resolve().parents[2]
GOLDEN = REPOSITORY / "tests" / "golden"
STUDIES = REPOSITORY / "launch" / "studies"
WORK = Path(tempfile.mkdtemp(prefix="titrate golden "))
# The same instructions on every machine that has AVX2: for LibTorch's own code, oneDNN and MKL.
PINNED = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_CBWR": "COMPATIBLE", "OMP_NUM_THREADS": "1"}


def run(command, **more):
    environment = dict(os.environ, **PINNED, **more.pop("env", {}))
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, env=environment, timeout=300, **more)


def output(command, **more):
    """What a command prints that must succeed without a word of warning."""
    result = run(command, **more)
    assert (result.returncode, result.stderr) == (0, ""), f"exit code {result.returncode}: {result.stderr}"
    return result.stdout


def remove(folder):
    shutil.rmtree(folder, ignore_errors=True)


def neutral(text, names):
    """The text with a word in the place of each path: {path: word}, where a longer path goes first."""
    for path in sorted(names, key=lambda path: -len(str(path))):
        text = text.replace(str(path), names[path])
    return text


def golden(name):
    path = GOLDEN / name
    return path.read_bytes().decode() if path.exists() else ""


def difference(expected, found, name, most=40):
    lines = list(difflib.unified_diff(expected.splitlines(), found.splitlines(), f"golden/{name}", "now", lineterm="", n=1))
    return "\n".join(line[:300] for line in lines[:most]) + (f"\n... and {len(lines) - most} lines more" if len(lines) > most else "")


def hold(name, found):
    """An error with the lines that differ, where the text is not that of the golden file. With --update it becomes that."""
    if UPDATE:
        (GOLDEN / name).parent.mkdir(parents=True, exist_ok=True)
        (GOLDEN / name).write_bytes(found.encode())
    expected = golden(name)
    if expected != found:
        raise AssertionError("not what the golden file says; where that is on purpose, --update writes it\n"
                             + (difference(expected, found, name) or "only the ends of lines differ"))


def find_data():
    """The folder of data that is not drawn here, or None."""
    for root in filter(None, [os.environ.get("TITRATE_DATA", ""), REPOSITORY.parent / "shared" / "data"]):
        if Path(root).is_dir():
            return Path(root)
    return None
