# SPDX-License-Identifier: MIT
"""Append function and source line to console lines with kernel addresses."""

import os
import re
import shutil
import subprocess

# A code address: after RIP, or first on a line, as in a backtrace.
ADDRESS = re.compile(r"(?:RIP|^\s*#?)\s+(?:0x)?(ffffffff8[0-9a-f]{7})\b", re.IGNORECASE)


def _resolve(addresses, elf):
    """{address: "function file:line"}, by addr2line or llvm-addr2line, whichever is installed."""
    tool = next((t for t in ("addr2line", "llvm-addr2line") if shutil.which(t)), None)
    if not tool or not addresses or not os.path.exists(elf):
        return {}
    run = subprocess.run([tool, "-f", "-e", elf], input="\n".join(addresses) + "\n",
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                         timeout=30, check=False)
    answer = run.stdout.splitlines()
    top = os.path.dirname(os.path.dirname(os.path.abspath(elf))) + os.sep
    return {a: "%s %s" % (f, where.split(" (")[0].replace(top, "").replace("./", "", 1))
            for a, f, where in zip(addresses, answer[::2], answer[1::2])
            if f != "??" and not where.startswith("??")}


def symbolise(lines, elf):
    """Yield each line with the functions at its addresses appended."""
    found = sorted({m.lower() for line in lines for m in ADDRESS.findall(line)})
    known = _resolve(found, elf)
    for line in lines:
        here = [known[m.lower()] for m in ADDRESS.findall(line) if m.lower() in known]
        yield line + ("   <- " + "; ".join(here) if here else "")


def names(addresses, elf):
    """{address: "function file:line"} for addresses as numbers."""
    known = _resolve(sorted("%016x" % a for a in addresses), elf)
    return {int(a, 16): name for a, name in known.items()}
