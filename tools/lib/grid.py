# SPDX-License-Identifier: MIT
"""The table of rules and machines that tools/matrix prints, from its records."""

from findings import rows


def compact(number):
    """At most three digits and a unit, or four digits: 4711, 51.2k, 1.2M."""
    if number < 10000:
        return str(number)
    for unit in "kMGT":
        number /= 1000
        if number < 999.5:
            break
    return "%.3g%s" % (number, unit)


def _cell(found):
    """`cases` or `divergent/cases`; "-" if skipped, "?" if not run; with "!" if unexpected."""
    if found is None:
        return "? "
    if found["status"] == "skip":
        return "- "
    text = compact(found["cases"])
    if found["divergent"] or found["status"] != "pass":
        text = "%s/%s" % (compact(found["divergent"]), text)
    return text + ("!" if found["status"] == "fail" else " ")


def table(records):
    """The lines of the table."""
    names = [r["machine"] for r in records]
    lines = [["rule"] + [name + " " for name in names]]
    lines += [[row.name] + [_cell(row.found.get(name)) for name in names]
              for row in rows(records)]
    widths = [max(map(len, column)) for column in zip(*lines)]
    return ["  ".join([line[0].ljust(widths[0])] +
                      [cell.rjust(width) for cell, width in zip(line[1:], widths[1:])]).rstrip()
            for line in lines]


def summary(record, width):
    """The line of a machine below the table."""
    classes = [c for rule in record["rules"] for c in rule["classes"]]
    new = sum(not c["known"] for c in classes)
    return "%-7s %-*s %9d cases %7.1f s  %3d classes%s  %s" % (
        record["status"] if record["status"] == "ok" else record["status"].upper(), width,
        record["machine"], record["cases"], record["seconds"], len(classes),
        " (%d new)" % new if new else "", record["emulator"])
