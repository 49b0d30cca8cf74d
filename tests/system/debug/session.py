# SPDX-License-Identifier: MIT
"""Shared by both debuggers' tests: the build, and a run in which a fault is pardoned."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
sys.path.insert(0, os.path.join(TOP, "tools", "lib"))

BUILD = os.environ.get("KEYWARD_BUILD") or os.path.join(TOP, "build")
# The first fault is pardoned, and its thread does not hold the initial rights at that moment.
FAULTS = ["pks=silent", "tests=pardon.grants_around_a_pardon"]
# The totals line of a good run.
TOTALS = r"# Totals: pass:[1-9]\d* fail:0 xfail:\d+ skip:\d+ error:0"
