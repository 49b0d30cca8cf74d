# SPDX-License-Identifier: MIT
"""tools/inject: its client of the gdb stub, its turns, and its list of what is not reached."""

import importlib.machinery
import importlib.util
import os
import socket
import sys
import tempfile
import threading
import types
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tools", "lib"))

import gdbremote                                # noqa: E402
import outside                                  # noqa: E402
import places                                   # noqa: E402

LOADER = importlib.machinery.SourceFileLoader("inject", os.path.join(TOP, "tools", "inject"))
inject = importlib.util.module_from_spec(importlib.util.spec_from_loader("inject", LOADER))
LOADER.exec_module(inject)


def place(address, function="f", text="push %rax", file="a.S", source="push"):
    """An instruction whose source line is given."""
    made = places.Place(address, function, address, text, file, 1)
    made.source = lambda: source
    return made


class Stub:
    """A gdb stub that answers by a table, on a socket."""

    def __init__(self, where, answers):
        self.path, self.got = os.path.join(where, "gdb"), []
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(self.path)
        self.server.listen(1)
        self.answers = dict(answers, qSupported="PacketSize=1000")
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        """Answer until the client leaves or there is no answer to a packet; then end."""
        with self.server, self.server.accept()[0] as peer:
            data = b""
            while came := peer.recv(4096):
                data += came
                while b"#" in data and len(data) >= data.index(b"#") + 3:
                    end = data.index(b"#")
                    packet = data[data.index(b"$") + 1:end].decode()
                    data = data[end + 3:]
                    self.got.append(packet)
                    answer = self.answers.get(packet)
                    if answer is None:
                        return
                    if answer != "silence":
                        peer.sendall(b"+$%s#%02x" % (answer.encode(), sum(answer.encode()) & 255))


class Client(unittest.TestCase):
    """What the client makes of a stub's answers."""

    def remote(self, **answers):
        """A client of a stub with these answers."""
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.stub = Stub(scratch.name, answers)
        remote = gdbremote.Remote(self.stub.path)
        self.addCleanup(remote.close)
        return remote

    def test_a_stop_says_where(self):
        registers = "00" * 8 * gdbremote.RIP + "f0ab108080ffffff"
        remote = self.remote(**{"vCont;c": "T05thread:01;", "g": registers})
        self.assertEqual(remote.run(5), 0xffffff808010abf0)

    def test_an_end_is_told_from_a_hang(self):
        with self.assertRaises(gdbremote.Gone):
            self.remote().run(5)
        with self.assertRaises(gdbremote.Gone):
            self.remote(**{"vCont;c": "W00"}).run(5)
        with self.assertRaises(gdbremote.Late):
            self.remote(**{"vCont;c": "silence"}).run(0.1)

    def test_a_refused_breakpoint_is_no_silence(self):
        with self.assertRaises(gdbremote.Gone):
            self.remote(**{"Z1,10,1": "E22"}).insert(0x10)

    def test_words_are_read_and_written(self):
        remote = self.remote(**{"m10,10": "01" + "00" * 7 + "ff" * 8,
                                "M10,8:0200000000000000": "OK"})
        self.assertEqual(remote.read(0x10, 2), [1, 2 ** 64 - 1])
        remote.write(0x10, [2])


class Turns(unittest.TestCase):
    """Which cases are played."""

    def cases(self, reached, **opts):
        """The cases for 30 instructions."""
        every = {"all": False, "scope": None, "handler": None, "first": None}
        chosen = [place(a) for a in range(30)]
        return list(inject.cases(types.SimpleNamespace(**dict(every, **opts)), chosen, reached))

    def test_each_instruction_comes_once_under_each_scope(self):
        found = self.cases({s: set(range(30)) for s in range(3)})
        self.assertEqual([(c.place.address, c.scope) for c in found],
                         [(a, s) for a in range(30) for s in range(3)])
        self.assertEqual(len({(c.scope, c.handler) for c in found}), 15)

    def test_all_means_every_combination(self):
        found = self.cases({s: set(range(30)) for s in range(3)}, all=True)
        self.assertEqual(len({(c.place.address, c.scope, c.handler) for c in found}), 450)

    def test_a_scope_that_does_not_reach_it_has_no_turn(self):
        found = self.cases({0: set(), 1: set(), 2: {7, 8}})
        self.assertEqual([(c.place.address, c.scope) for c in found], [(7, 2), (8, 2)])

    def test_the_printed_words_name_the_case(self):
        self.assertEqual(outside.Case(place(3), 2, 1, 4).again(),
                         "--at f+0x3 --scope global --handler maps --first 4")


class Unreached(unittest.TestCase):
    """The list is checked both ways."""

    def wrong(self, text, chosen, reached):
        """What is wrong with a list of this text."""
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as f:
            f.write(text)
            f.flush()
            return list(places.Unreached(f.name, chosen).wrong(chosen, reached))

    def test_what_is_not_reached_must_be_listed(self):
        chosen = [place(1), place(2, source="pop"), place(3)]
        self.assertIn("f+0x2", self.wrong("", chosen, {1, 3})[0])
        self.assertEqual(self.wrong("a.S: pop = why\n", chosen, {1, 3}), [])
        self.assertEqual(self.wrong("f() = why\n", chosen, set()), [])

    def test_what_is_listed_must_not_be_reached(self):
        chosen = [place(1), place(2, source="pop")]
        self.assertEqual(len(self.wrong("a.S: pop = why\n", chosen, {1, 2})), 1)
        self.assertIn("f() is listed", self.wrong("f() = why\n", chosen, {1})[0])

    def test_padding_counts_for_nothing(self):
        self.assertEqual(self.wrong("", [place(1, text="nopw 0x0(%rax)")], set()), [])

    def test_some_lines_are_for_the_paranoid_build(self):
        chosen = [place(1, source="pop")]
        self.assertEqual(len(self.wrong("PARANOID: a.S: pop = why\n", chosen, set())), 1)
        chosen.append(place(2, function="pkrs_mirror_lies"))
        self.assertEqual(self.wrong("PARANOID: a.S: pop = why\n", chosen, {2}), [])


if __name__ == "__main__":
    unittest.main()
