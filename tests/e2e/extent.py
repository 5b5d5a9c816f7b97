"""How much the tests try: a few moments of each fault, or, with tests/run.sh --full, all of them."""

import os
import unittest

FULL = os.environ.get("TITRATE_FULL") == "1"
full_only = unittest.skipUnless(FULL, "tried by tests/run.sh --full")
