# SPDX-License-Identifier: MIT
"""The parts of a replayed trace: contexts, the pieces of time they ran, pardons, sections."""

from dataclasses import dataclass, field

KEYS = 16
KINDS = ("thread", "work item", "system call", "exception", "softirq", "interrupt", "NMI")
SCOPES, MODES, GATES = ("context", "instruction", "global"), ("off", "strict", "relaxed", "silent"), (
    "kmapped", "any")



def may_read(rights, key):
    """True if the key's AD bit is clear."""
    return not rights >> 2 * key & 1


def may_write(rights, key):
    """True if both bits of the key are clear."""
    return not rights >> 2 * key & 3


@dataclass(eq=False)
class Context:
    """A context with its own rights. `row` is the row it is drawn in."""
    kind: str
    name: str
    row: str
    thread: int = None
    pieces: list = field(default_factory=list)
    ended: int = None


@dataclass(eq=False)
class Piece:
    """A context ran on a CPU from `begin` to `end` with these rights (None: unknown)."""
    context: Context
    cpu: int
    begin: int
    end: int
    rights: int
    used: frozenset     # (page frame, key) of declared writes


@dataclass(eq=False)
class Mark:
    """An event to show, and its context."""
    event: object
    context: Context


@dataclass(eq=False)
class Pardon:
    """A key opened by the fault policy for `context`: from the pardon to the end of that right."""
    context: Context
    key: int
    address: int
    begin: int
    cpu: int
    lent: bool          # in the CPU's register, not in the context's rights
    end: int = None     # None: still open when the record ends
    why: str = ""
    in_force: int = None


@dataclass(eq=False)
class Section:
    """From SCENARIO_BEGIN to SCENARIO_END."""
    id: int
    name: str
    key: int
    pages: int
    policy: int
    begin: int
    end: int = None
    cut: bool = False   # its begin is not in the record

    def words(self):
        """mode, gate and scope by name."""
        return tuple(names[n] if n < len(names) else str(n) for names, n in (
            (MODES, self.policy >> 16 & 0xff), (GATES, self.policy >> 8 & 0xff), (SCOPES, self.policy & 0xff)))


@dataclass(eq=False)
class Timeline:
    """A replayed dump."""
    dump: object
    begin: int = 0
    end: int = 0
    contexts: list = field(default_factory=list)
    pieces: list = field(default_factory=list)
    marks: list = field(default_factory=list)
    pardons: list = field(default_factory=list)
    sections: list = field(default_factory=list)
    cut: bool = False   # events were overwritten: it begins where every CPU's record does
    unseen: int = 0     # times that rights changed without an event
