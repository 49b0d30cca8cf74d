# SPDX-License-Identifier: MIT
"""Write a verdict as JUnit XML, the form that most CI servers show."""

import re
import xml.etree.ElementTree as ET

# XML 1.0 has no place for control characters.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def _case(suite, name, machine):
    return ET.SubElement(suite, "testcase", name=name, classname=machine)


def _outcome(case, kind, message, text=""):
    element = ET.SubElement(case, kind, message=_CONTROL.sub("?", message))
    element.text = _CONTROL.sub("?", text) or None


def document(machine, verdict, seconds):
    """The XML document: a suite for each suite of the kernel, one for what is wrong with the run.

    A known divergence counts as skipped, as an expected failure has no element of its own.
    """
    wrong = {name: (what, notes) for name, what, notes in verdict.failures if name}
    run = [what for name, what, _ in verdict.failures if not name]
    run += verdict.problems + [c.lstrip("# ") for c in verdict.complaints]
    root = ET.Element("testsuites", name=machine)
    suites = {}
    for r in verdict.results:
        suite, _, name = r.name.rpartition(".")
        case = _case(suites.setdefault(suite, ET.Element("testsuite", name=suite)), name, machine)
        if r.name in wrong:
            what, notes = wrong[r.name]
            _outcome(case, "error" if r.status == "error" else "failure", what, "\n".join(notes))
        elif r.status in ("skip", "xfail"):
            _outcome(case, "skipped", ("known divergence: " if r.status == "xfail" else "") + r.reason)
    for name in verdict.lost:
        suites[name] = suite = ET.Element("testsuite", name=name)
        _outcome(_case(suite, "runs", machine), "error", "the suite did not run")
    if run:
        suites["the run"] = suite = ET.Element("testsuite", name="the run")
        for what in run:
            _outcome(_case(suite, "is whole", machine), "error", what)
    for suite in suites.values():
        suite.set("tests", str(len(suite)))
        for kind, attribute in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            suite.set(attribute, str(len(suite.findall("testcase/" + kind))))
        root.append(suite)
    root.set("time", "%.2f" % seconds)
    return ET.ElementTree(root)


def write(path, machine, verdict, seconds):
    """Write the document to a file."""
    document(machine, verdict, seconds).write(path, encoding="utf-8", xml_declaration=True)
