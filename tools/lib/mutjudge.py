# SPDX-License-Identifier: MIT
"""Judge a mutant: build it, then test it, the fastest step first, to the first failure."""

import hashlib
import json
import os
import re
import subprocess
import threading
import time

from load import slowness
from mutbuild import BUILDS, HOST, BuildError
from mutdb import Result
from sabotages import FAILED

# The steps that boot: their name, the machine (of "suites": the area's), the build.
BOOTS = {
    "suites": ("", "build"),
    "all": ("qemu", "build"),
    "smp": ("qemu-smp", "build"),
    "nopks": ("qemu-nopks", "build"),
    "4level": ("qemu-4level", "build"),
    "pmem": ("qemu-pmem", "build"),
    "bigmem": ("qemu-bigmem", "build"),
    "paranoid": ("qemu", "build/paranoid"),
    "paranoid-smp": ("qemu-smp", "build/paranoid"),
    "bochs": ("bochs", "build"),
}
CASES = ["selftest", "badinput"]    # cases that boot by themselves; those that the area names
STEPS = ["host", "suites", "all", "smp", "nopks", "4level", "pmem", "bigmem", *CASES, "paranoid", "bochs"]
PARANOID = ["paranoid", "paranoid-smp"]    # of a mutant that only the paranoid build has
HOST_LIMIT = 20         # seconds
LEAST = 6               # seconds that every boot gets
FACTOR = 3              # times what the good kernel needs, until it counts as hung
TRIES = 3               # of a boot of the good kernel, which a loaded host may spoil
MOST_HOST = 8           # host programs for one mutant
SELFTEST_LIMIT, CASES_LIMIT = 40, 1200   # seconds for one boot, for all cases of a step
OK, FAILED_STATUS, SETUP, CRASHED, TIMED_OUT = range(5)


_measuring = threading.Lock()


class Broken(Exception):
    """The unbroken tree is red, or the tool is wrong."""


def seen_by(text, status):
    """The name of the test that failed, or what else shows in the output."""
    names = [a or b for a, b in FAILED.findall(text)] + \
        re.findall(r"runtime error: .*|ERROR: \w+Sanitizer: \S+", text)
    return " ".join((names or ["status %s" % status])[0].split())[:120]


def _machine(step, area):
    """What tools/run gets: the machine, and which tests; of the area's suites all cases."""
    if step == "suites":
        return [area.machine, "tests=" + area.suites, "extent=whole"]
    return [BOOTS[step][0]]     # what the area's suites do not see, others see in their brief slice


def steps_for(area, known):
    """The steps of a mutant of an area: first what has seen it, only those behind what has not. Some are asked
    only if the area says so."""
    steps = [s for s in STEPS if getattr(area, s, True)]
    if known and known.verdict == "unseen":
        return [s for s in steps if STEPS.index(s) > STEPS.index(known.step)]
    return sorted(steps, key=lambda s: s != known.step) if known else steps


def hint(before, again):
    """What is known of a mutant, if it helps to judge it: what has seen it sees it first. One that was unseen is
    judged from the first step if --again= asks for those."""
    return None if before and before.verdict == "unseen" and "unseen" in again else before


class Stopped(Exception):
    """The user has stopped the run."""


class Judge:
    """Judges mutants in one tree."""

    def __init__(self, tree):
        self.tree, self.process, self.stopping = tree, None, False
        self.sound = set()      # programs of the host that pass in the good tree

    # ---- running ----

    def _run(self, command, limit):
        """(exit status, output, seconds, CPU seconds) of a command; status None at the limit."""
        began = time.monotonic()
        with open(self.tree.path("away", "out"), "w+b") as out:
            process = subprocess.Popen(command, cwd=self.tree.folder, stdin=subprocess.DEVNULL,
                                       stdout=out, stderr=subprocess.STDOUT)
            self.process, status = process, None
            while time.monotonic() - began < limit:
                done, code, usage = os.wait4(process.pid, os.WNOHANG)
                if done:
                    status = os.waitstatus_to_exitcode(code)
                    break
                time.sleep(0.02)
            else:
                process.kill()
                _, _, usage = os.wait4(process.pid, 0)
            process.returncode = 0      # it has been waited for
            self.process = None
            if self.stopping:
                raise Stopped()
            out.seek(0)
            text = out.read().decode("utf-8", "replace")
        return status, text, time.monotonic() - began, usage.ru_utime + usage.ru_stime

    def stop(self):
        """End what runs; what it was judging has no result. Another thread calls it."""
        self.stopping, process = True, self.process
        if process:
            process.terminate()     # tools/run ends its emulator

    def _boot(self, step, area, limit, good=False):
        """Boot one machine, until the first failure."""
        build = BOOTS[step][1]
        command = ["tools/run", *_machine(step, area), "--quiet", "--build", build, "--first",
                   "--timeout", "%.1f" % limit]
        if good:
            command += ["--iso", build + "/good/keyward.iso", "--elf", build + "/good/keyward.elf"]
        status, text, seconds, cpu = self._run(command, limit + 30)
        if status not in (OK, FAILED_STATUS, CRASHED, TIMED_OUT):
            self._pause()
            raise Broken("%s: %s" % (" ".join(command), text[-500:]))
        return status, text, seconds, cpu

    def good(self, step, area):
        """(seconds on an idle host, CPU seconds) that the good kernel needs; measured once."""
        key, build = " ".join([step, *_machine(step, area)]), BOOTS[step][1]
        self.tree.ensure(build)
        with open(self.tree.path(build, "good/keyward.elf"), "rb") as file:
            kernel = hashlib.sha256(file.read()).hexdigest()
        with _measuring:
            known = {}
            if os.path.exists(self.tree.folder + "/../seconds.json"):
                with open(self.tree.folder + "/../seconds.json", encoding="utf-8") as file:
                    known = json.load(file)
            if known.get(key, [""])[0] != kernel:
                for _ in range(TRIES):
                    status, text, seconds, cpu = self._boot(step, area, 240, good=True)
                    if not status:
                        break
                else:
                    raise Broken("the unbroken kernel fails at %s:\n%s" % (key, text[-2000:]))
                known[key] = kernel, seconds / slowness(), cpu
                with open(self.tree.folder + "/../seconds.json", "w", encoding="utf-8") as file:
                    json.dump(known, file)
        return known[key][1:]

    # ---- steps ----

    def boot(self, step, area, mutant):
        """(verdict, step, test) of one boot, or None: nothing seen."""
        build = BOOTS[step][1]
        try:
            if build != "build":
                self.tree.compile(build, mutant)
            self.tree.make(*BUILDS[build], "iso")
        except BuildError:
            return self._refused()
        seconds, cpu = self.good(step, area)
        limit = max(LEAST, FACTOR * max(seconds, cpu) * slowness())
        status, text, _, used = self._boot(step, area, limit)
        if status == TIMED_OUT and used < FACTOR * cpu and slowness() > 1.5:
            status, text, *_ = self._boot(step, area, 3 * limit)
        if status == OK:
            return None
        if "qemu-smp" in _machine(step, area) and self._boot(step, area, 3 * limit, good=True)[0]:
            return "unclear", step, "the good kernel fails too: the host is too slow"
        return "hang" if status == TIMED_OUT else "killed", step, seen_by(text, status)

    def check(self, program):
        """Raise Broken if a program fails that has no mutant in it; asked once. The one on disk may be
        the last mutant's."""
        if program in self.sound:
            return
        if os.path.exists(self.tree.path(program)):
            os.remove(self.tree.path(program))
        self.tree.make(program)
        status, text, *_ = self._run(["./" + program], HOST_LIMIT * slowness())
        if status:
            self._pause()
            raise Broken("the unbroken kernel fails at %s: %s" % (program, seen_by(text, status)))
        self.sound.add(program)

    def host(self, mutant, known=None):
        """The same of the host's tests; `known`: the result before, whose program comes first."""
        changed = self.tree.affected(HOST, mutant)
        killer = known.test.split(":")[0] if known and known.step == "host" else ""
        programs = self.programs(changed, killer)
        if not programs:
            return None
        for program in programs:
            self.check(program)
        mains = {program.replace(HOST, HOST + "/tests/host") + ".o" for program in programs}
        changed = [o for o in changed if "/tests/host/t_" not in o or o in mains]
        self.tree.take_away(changed)
        for program in programs:
            try:
                self.tree.make(*changed)    # by name: make ignores that secondary files are lost
                self.tree.make(program)
            except BuildError:
                return self._refused()
            status, text, *_ = self._run(["./" + program], HOST_LIMIT * slowness())
            if status and status < 0:
                self._pause()
            if status:
                return "killed", "host", "%s: %s" % (os.path.basename(program), seen_by(text, status))
            if status is None:
                return "hang", "host", os.path.basename(program)
        return None

    def cases(self, step, area):
        """The same of cases that boot by themselves: what the kernel prints when it ends, or of bad input."""
        try:
            self.tree.make(*BUILDS["build"], "iso")
        except BuildError:
            return self._refused()
        name = self._first_red(step, getattr(area, step), "build")
        if not name:
            return None
        self.tree.ensure("build")
        if self._first_red(step, name, "build/good"):
            return "unclear", step, "the good kernel fails too: " + name
        return "killed", step, name

    def _first_red(self, step, globs, build):
        """The first of these cases that is not as expected, or None."""
        if step == "selftest":
            command = ["tests/selftest/run", "--first", "--only=" + globs, "--iso", build + "/keyward.iso",
                       "--elf", build + "/keyward.elf", "--timeout", "%.0f" % (SELFTEST_LIMIT * slowness())]
        else:
            command = ["tests/system/badinput/run", "--build", build, *globs.split(",")]
        status, text, *_ = self._run(command, CASES_LIMIT * slowness())
        found = re.search(r"^not ok \d+ (?:- )?(\S+)", text, re.M)
        if status and not found or status is None:
            self._pause()
            raise Broken("%s: %s" % (" ".join(command), text[-500:]))
        return found and found.group(1)

    def _refused(self):
        """The verdict after a build that failed."""
        self._pause()
        return "unbuilt", "", ""

    def _pause(self):
        """Wait for stop(): a signal to all of us may have ended what runs before it came here."""
        time.sleep(0.3)
        if self.stopping:
            raise Stopped()

    def programs(self, changed, killer=""):
        """The test programs that reach one of these objects: `killer`, then those of the fewest steps;
        few."""
        words = {w for name in changed for w in re.split(r"[/_.]", name)}
        found = []
        for source in self.tree.host_sources():
            stem = os.path.basename(source)[:-2]
            steps = self.distance("%s/tests/host/%s.o" % (HOST, stem), set(changed))
            if steps is not None:
                found.append((stem != killer, steps, -len(words & set(stem.split("_")[1:])), stem))
        return ["%s/%s" % (HOST, stem) for *_, stem in sorted(found)[:MOST_HOST]]

    def distance(self, name, wanted):
        """How many calls from object to object lead from `name` to one of `wanted`; None: none do."""
        seen, edge, steps = {name}, {name}, 0
        while edge:
            if edge & wanted:
                return steps
            edge = {o for n in edge for o in self.tree.links.get(n, ())} - seen
            seen |= edge
            steps += 1
        return None

    def judge(self, area, mutant, known=None, last=None):
        """The result of a mutant; `known`: the one before, `last`: the step to stop at, where the
        verdict is `unseen`."""
        self.tree.mutate(mutant)
        try:
            return self._judge(area, mutant, known, last)
        finally:
            self.tree.restore()

    def _judge(self, area, mutant, known, last):
        def result(*words):
            return Result(mutant.hash, mutant.where, mutant.op, *words)
        steps = steps_for(area, known)
        try:
            if not self.tree.compile("build", mutant):
                if "PARANOID" not in mutant.scope.source or \
                        not self.tree.compile("build/paranoid", mutant):
                    return result("same", "", "")
                steps = PARANOID
        except BuildError:
            return result(*self._refused())
        for step in steps:
            seen = self.host(mutant, known) if step == "host" else \
                self.cases(step, area) if step in CASES else self.boot(step, area, mutant)
            if seen:
                return result(*seen)
            if step == last:
                return result("unseen", step, "")
        return result("survived", "", "")
