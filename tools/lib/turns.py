# SPDX-License-Identifier: MIT
"""The argument K/N of an option: every Nth of many, from the Kth on."""

import argparse
import re


def part(text):
    """(K, N) with K from 1 to N."""
    found = re.fullmatch(r"([1-9]\d*)/([1-9]\d*)", text)
    if not found or int(found[1]) > int(found[2]):
        raise argparse.ArgumentTypeError("%s is not K/N with K from 1 to N" % text)
    return int(found[1]), int(found[2])
