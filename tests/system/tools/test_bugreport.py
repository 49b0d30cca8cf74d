# SPDX-License-Identifier: MIT
"""tools/report --bug: what a report holds, on a machine that is a shell script, and what is refused."""

import json
import os
import re
import shutil
import subprocess
import sys
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
for folder in ("tests/system/tools", "tests/system/report", "tools/lib"):
    sys.path.insert(0, os.path.join(TOP, folder))

import test_ownbuild                    # noqa: E402

STATE = """\
    # state: vector=e error=21 cr2=0x0000000040002100 pkrs-after=00000014
    # state: cr0=0000000080010037 cr4=00000000010008e0 efer=0000000000000d01
    # state: pkrs=00000014 pkru=fffffffc
    # state: before=wrmsr pkrs=00000008 pkru=00000000
    # state: cs=0023 rflags=00040002 rdi=0x0000000040002100 rsp=0x0000000000001000
    # state: code=0xffffffff80157008 at=0x0000000000010008 access=2 bytes=89f0011fcdd0
    # state: va=0x0000000040002100 entry=PML4E index=0 value=4800000000555027
    # state: va=0x0000000040002100 entry=PTE index=2 value=88000000aaaaa001
    # state: leaf-after=88000000aaaaa021
"""
LOG = """\
# kernel: version 1.0, commit 0123456789ab, hash 00112233445566ff
KTAP version 1
1..1
    KTAP version 1
    # Subtest: matrix
    1..2
    # case kind:add,rights:ad expected=#PF(P+W+PK) observed=#PF(P+PK) cr2=0x0000000040002100 pkrs=00000014 DIVERGES
%(state)s\
    # rule modify_is_a_write cases=1 divergent=1 sdm="Page-Fault Exceptions" says="a read-modify-write is a write: W is set"
    # divergence rule=modify_is_a_write case=kind:add,rights:ad needs=kind:add|xchg;rights:ad expected=#PF(P+W+PK) observed=#PF(P+PK) count=1 exact=1:00000000000000aa by_tlb=0:0000000000000000 first=kind:add,rights:ad
    not ok 1 modify_is_a_write
    # tests/matrix/t_x.c:17: got no #GP(0)
    not ok 2 high_bits
not ok 1 matrix
# Totals: pass:0 fail:2 xfail:0 skip:0 error:0
""" % {"state": STATE}
KEY = "matrix.modify_is_a_write kind:add,rights:ad"
KNOWN = KEY + " = a load and a store; SDM (10.0)\nmatrix.high_bits = it forgets them; SDM (10.0)"

class Case(test_ownbuild.Case):
    """A machine that prints LOG, and a build to report on."""

    def setUp(self):
        super().setUp()
        os.mkdir(self.path("build"))
        shutil.copy(self.iso, self.path("build/keyward.iso"))
        self.program("QEMU emulator version 10.0.8", name="mine")
        self.shows(LOG)
        os.environ["KEYWARD_DIVERGENCES"] = self.path("DIVERGENCES.md")
        self.addCleanup(os.environ.pop, "KEYWARD_DIVERGENCES")

    def shows(self, log, name="fake", program="mine", family="qemu", known=KNOWN):
        """Write a machine that starts this program, which prints the log."""
        self.fake(log, family=family, known=known, extra="about = a fake")
        with open(self.path("machines/fake"), encoding="utf-8") as file:
            words = file.read().replace("tools/emulator sid " + family, self.path(program + "-" + family))
        shutil.copy(self.path(program), self.path(program + "-" + family))
        words = words.replace("qemu-system-none", "").replace("sh -c 'exit 1'", "true")
        with open(self.path("machines/" + name), "w", encoding="utf-8") as file:
            file.write(words)

    def report(self, *words):
        """Run tools/report."""
        return self.tool("report", "--build", self.path("build"), *words)

    def bug(self, what=KEY):
        """The report of a class."""
        status, output = self.report("--bug", what, "--machine", "fake")
        self.assertEqual(status, 0, output)
        return output


class Report(Case):
    """One class."""

    def test_it_holds_what_its_reader_needs(self):
        text = self.bug()
        for line in (
                "# QEMU: a load and a store",
                'Intel SDM Vol. 3A, "Page-Fault Exceptions": a read-modify-write is a write: W is set.',
                "- expected: a page fault with error code 23H (P: the page was present; W/R: the access was a "
                "write; PK: a protection-key violation)",
                "- observed: a page fault with error code 21H (P: the page was present; PK: a protection-key "
                "violation)",
                "- wrong: W/R (bit 1) is 0 (the access was a read); it must be 1 (the access was a write)",
                "- CR2: 40002100H", "- the leaf's flags after the access: A = 1, D = 0",
                "    89 f0 01 1f cd d0",
                "CS = 23H (CPL 3), RDI = 40002100H, RSP = 1000H, EFLAGS.AC = 1. What follows it ends a case "
                "without a fault.",
                "| CR0 | `80010037` | WP = 1 |",
                "| CR4 | `010008e0` | LA57 = 0, SMEP = 0, SMAP = 0, PKE = 0, PKS = 1 |",
                "| EFER | `00000d01` | LMA = 1, NXE = 1 |",
                "| IA32_PKRS | `00000014` | keys 1-2: AD |",
                "| PKRU | `fffffffc` | keys 1-15: AD+WD (not in force: CR4.PKE = 0) |",
                "The same access was made before, with IA32_PKRS = `00000008` and PKRU = `00000000`; then "
                "WRMSR to IA32_PKRS changed the key's rights.",
                "| 40002100H | PML4E 0 | `4800000000555027` | P, R/W, U/S, A, key 9 (ignored here) |",
                "| 40002100H | PTE 2 | `88000000aaaaa001` | P, XD, key 1 |",
                "With one axis of the case changed at a time, the difference stays with `kind:add|xchg` and "
                "`rights:ad`; an axis that is not named can have any value.",
                "a load and a store; SDM (10.0).",
                "Not measured: no processor with supervisor keys has run this case.",
                "    tools/run fake 'tests=matrix.*' case=kind:add,rights:ad",
                "- emulator: QEMU emulator version 10.0.8", "- machine: machines/fake, a fake",
                "- Keyward: version 1.0, commit 0123456789ab, hash 00112233445566ff"):
            self.assertIn("\n" + line.rstrip(), "\n" + text)
        self.assertRegex(text, r"\n- SHA-256 of keyward.iso: [0-9a-f]{64}\n$")

    def test_a_class_has_several_names(self):
        text = self.bug()
        for name in ("modify_is_a_write kind:add,rights:ad", "kind:add,rights:ad"):
            self.assertEqual(self.bug(name), text)

    def test_an_unknown_class_is_reported_by_its_rule(self):
        self.shows(LOG, known="")
        text = self.bug()
        self.assertIn("# QEMU: not as the manual says: a read-modify-write is a write", text)
        self.assertNotIn("Cause", text)

    def test_the_instruction_is_disassembled_from_the_image(self):
        source = 'asm(".globl _start; _start: mov %esi, %eax; add %ebx, (%rdi); int $0xd0");'
        subprocess.run(["gcc", "-x", "c", "-static", "-nostdlib", "-Wl,-Ttext=0xffffffff80157008", "-mcmodel=kernel",
                        "-fno-pic", "-no-pie", "-o", self.path("build/keyward.elf"), "-"], input=source, text=True, check=True)
        text = self.bug()
        self.assertRegex(text, r"\n    89 f0 +mov +%esi,%eax\n    01 1f +add +%ebx,\(%rdi\) +<- the access\n"
                         r"    cd d0 +int +\$0xd0\n")

    def test_what_the_processor_does_by_itself_is_said(self):
        self.shows(LOG.replace("kind:add", "kind:frame"))
        text = self.bug("kind:frame,rights:ad")
        self.assertIn("\nThe processor delivers the INT, and pushes its exception frame at RSP: that is the "
                      "access.\n", text)

    def test_a_test_without_cases_shows_what_it_reports(self):
        text = self.bug("high_bits")
        self.assertIn("# QEMU: it forgets them\n", text)
        self.assertIn("\nThe test reports:\n\n    got no #GP(0)\n", text)
        self.assertIn("tests=matrix.high_bits seed=1", text)
        self.assertNotIn("Registers", text)

    def test_ones_own_build_is_reported_on(self):
        own = self.program("QEMU emulator version 12.0.50", name="own")
        status, text = self.report("--bug", KEY, "--machine", "fake", "--emulator", own)
        self.assertEqual(status, 0, text)
        self.assertIn("- emulator: QEMU emulator version 12.0.50\n", text)
        self.assertEqual(self.report("--bug", KEY, "--machine", "fake", "--emulator", "/nowhere"),
                         (2, "tools/report: --emulator: /nowhere is not there\n"))

    def test_without_a_divergence_there_is_no_report(self):
        agrees = re.sub(r"(?m)^    # divergence.*\n", "", LOG)
        for old, new in (("DIVERGES", "agrees"), ("divergent=1", "divergent=0"), ("not ok 1 mod", "ok 1 mod"),
                         ("fail:2", "fail:1"), ("pass:0", "pass:1")):
            agrees = agrees.replace(old, new)
        self.shows(agrees)
        status, output = self.report("--bug", KEY, "--machine", "fake")
        self.assertEqual((status, output.count("\n")), (1, 1), output)
        self.assertIn("fake does as the manual says: kind:add,rights:ad", output)
        self.shows(re.sub(r"# case (\S+) .*", r"# case \1 is not possible on this machine", agrees))
        self.assertIn("is not possible on this machine", self.report("--bug", KEY, "--machine", "fake")[1])

    def test_a_rule_that_the_case_does_not_break_is_refused(self):
        status, output = self.report("--bug", "high_bits kind:add,rights:ad", "--machine", "fake")
        self.assertEqual(status, 1)
        self.assertIn("breaks another rule with kind:add,rights:ad: modify_is_a_write", output)

    def test_what_is_no_class_or_machine_is_refused_in_one_line(self):
        for what, machine, why in (("a b c", "fake", "is no class"), ("Case", "fake", "is no class"),
                                   ("", "fake", "is no class"), (KEY, "none", "no machine is called none"),
                                   ("no_such_rule", "fake", "has no test matrix.no_such_rule")):
            status, output = self.report("--bug", what, "--machine", machine)
            self.assertEqual((status, output.count("\n")), (2, 1), output)
            self.assertIn(why, output)

    def test_the_run_must_be_whole(self):
        self.shows(LOG.split("# Totals")[0])
        status, output = self.report("--bug", KEY, "--machine", "fake")
        self.assertEqual(status, 2)
        self.assertIn("fake did not run: ", output)

    def test_silicons_answer_is_in_it_where_there_is_one(self):
        os.mkdir(self.path("build/matrix"))
        with open(self.path("machines/real"), "w", encoding="utf-8") as file:
            file.write("[machine]\nkind = silicon\n")
        with open(self.path("machines/guest"), "w", encoding="utf-8") as file:
            file.write("[machine]\nkind = process\nemulator = qemu-system-x86_64\n")
        rule = {"name": "modify_is_a_write", "says": "s", "section": "t", "status": "pass", "reason": "",
                "cases": 40, "divergent": 0, "classes": []}
        data = {name: "" for name in ("about", "emulator", "date", "image", "kernel", "command", "slice", "levels")}
        data.update(machine="real", about="Core 7, stepping 2", cases=40, seconds=1, divergent=0, status="ok",
                    problems=[], observed=[], rules=[rule])
        one = {"case": "kind:add,rights:ad", "needs": "", "expected": "none", "observed": "#PF(P)", "count": 2,
               "first": "", "known": "", "command": ""}
        for change, words in (({}, "as the manual says, in all 40 cases of this rule"),
                              ({"divergent": 3}, "not in this way, but in 3 of 40 cases of this rule"),
                              ({"divergent": 2, "classes": [one]}, "observed a page fault with error code 01H"),
                              ({"divergent": 2, "classes": [{**one, "case": "kind:write"}]},
                               "not in this way, but in 2 of 40"),
                              ({"cases": 0}, None)):
            data["rules"] = [{**rule, **change}]
            for name, what in (("real", data), ("fake", {**data, "machine": "fake", "rules": [rule]}),
                               ("guest", {**data, "machine": "guest", "rules": [rule]})):
                with open(self.path("build/matrix/%s.json" % name), "w", encoding="utf-8") as file:
                    json.dump(what, file)
            text = self.bug()
            self.assertIn("Silicon\n\n- Core 7, stepping 2: " + words if words else "Not measured", text)
            self.assertEqual(text.count("stepping 2"), 1 if words else 0)
        with open(self.path("machines/real"), "w", encoding="utf-8") as file:
            file.write("[machine]\nkind = process\nemulator = build/linux/linux-pku\n")
        data["rules"] = [rule]
        with open(self.path("build/matrix/real.json"), "w", encoding="utf-8") as file:
            json.dump(data, file)
        self.assertIn("stepping 2: as the manual says", self.bug())


if __name__ == "__main__":
    unittest.main()
