"""Makes what tests of failures share: the golden dataset and undisturbed sweeps of it (golden.py), in a folder that takes the
place of an earlier one.

    python3 tests/e2e/golden_sweeps.py BUILD_FOLDER FOLDER
"""

import os
import shutil
import sys
from pathlib import Path

os.environ.pop("TITRATE_GOLDEN_SWEEPS", None)

import golden  # noqa: E402

EPOCHS = (2, 6, 8)  # those of journal_faults_test.py and disk_test.py, of signals_test.py, of the others


def main():
    folder = Path(sys.argv[2])
    for epochs in EPOCHS:
        golden.prepare(epochs)
        golden.reference_folder()
    shutil.rmtree(folder, ignore_errors=True)
    shutil.move(golden.WORK, folder)


if __name__ == "__main__":
    main()
