# SPDX-License-Identifier: MIT
"""How slow this host is because of what else runs on it: what takes a second alone takes so many."""

import os


def slowness():
    """The processes of the last minute that wanted a processor, for each that there is; at least 1. Time
    limits are multiplied by it, so that a busy host spoils no verdict."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
