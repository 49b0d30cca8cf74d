# SPDX-License-Identifier: MIT
"""Find mutants of assembly, line by line."""

import re

from mutants import Mutant, Scope

_LABEL = re.compile(r"([A-Za-z_]\w*):|\.macro\s+(\w+)")
# An instruction, or the use of a macro; the trace's sites are left alone.
_INSTRUCTION = re.compile(r"(?:\d+:)?\t(?!SITE\b)([a-z][a-z0-9]*|[A-Z][A-Z0-9_]*)\b[^\n]*?(?=\s*(?:/\*|$))")
_OTHERS = {"je": "jne", "jz": "jnz", "jb": "jae", "jc": "jnc", "ja": "jbe", "jl": "jge", "jg": "jle",
           "js": "jns"}
CONDITIONS = {**_OTHERS, **{b: a for a, b in _OTHERS.items()}}
WIDTHS = {"q": "l", "l": "q", "w": "l", "b": "l"}
_NARROW = {**{"r" + r: "e" + r for r in ("ax", "bx", "cx", "dx", "si", "di", "sp", "bp")},
           **{"r%d" % n: "r%dd" % n for n in range(8, 16)}}
REGISTERS = {**_NARROW, **{b: a for a, b in _NARROW.items()}}
# What uses no other registers than it names, and no flags; comparisons, which set them.
_COMMUTE = ("mov", "movl", "movq", "push", "pushq", "pop", "popq")
_COMPARE = ("cmp", "cmpb", "cmpl", "cmpq", "test", "testb", "testl", "testq", "xor", "inc", "incl")
# Without an operand-size suffix although they end in the letter of one.
_NOT_SIZED = ("call", "shl", "syscall", "mul", "rol", "sal", "swapgs", "sysretl", "sub", "jb", "iretq",
              "sysretq")


def scopes(path, source):
    """(scope, [(start, end, mnemonic) of each instruction]) of each label or macro."""
    found, name, lines, begin, at = [], "top", [], 0, 0

    def close(end):
        if lines:
            found.append((Scope(path, name, source, begin, end), list(lines)))
            lines.clear()

    for line in source.splitlines(True):
        label, instruction = _LABEL.match(line), _INSTRUCTION.match(line.rstrip("\n"))
        if label:
            close(at)
            name, begin = label[1] or label[2], at
        elif instruction and not line.rstrip("\n").endswith("\\"):
            lines.append((at + instruction.start(1), at + instruction.end(), instruction[1]))
        at += len(line)
    close(at)
    return found


def _clears_the_rest(mnemonic, rest):
    """Whether 64 bits in place of 32 are the same: a number goes to a register, or it becomes 0, and
    the upper half is cleared anyway (SDM Vol. 1, "General-Purpose Registers in 64-Bit Mode")."""
    return mnemonic == "mov" and re.match(r"\s+\$\w+, *%(e\w\w|r\d+d)$", rest) or \
        mnemonic == "xor" and re.match(r"\s+%(e\w\w|r\d+d), *%\1$", rest)


def _register(name):
    """The 64-bit register that a name of its whole or lower half is of."""
    return REGISTERS[name] if name in REGISTERS and name not in _NARROW else name


def _sets_one(text):
    """(mnemonic, register) of an instruction that loads a register with a number or clears it."""
    load = re.match(r"(mov)\s+\$\w+, *%(\w+)$", text) or re.match(r"(xor)\s+%(\w+), *%\2$", text)
    return (load[1], _register(load[2])) if load and load[2] in REGISTERS else None


def _in_any_order(one, other):
    """Whether two instructions do the same in both orders: one sets a register, and changes no flag
    or meets none, and the other does not know that register."""
    for a, b in ((one, other), (other, one)):
        a = _sets_one(a)
        others = _COMMUTE + (_COMPARE if a and a[0] == "mov" else ())
        if a and b.split()[0] in others and a[1] not in map(_register, re.findall(r"%(\w+)", b)):
            return True
    return False


def _changes(text, mnemonic):
    """(operator, new text) of one instruction."""
    rest = text[len(mnemonic):]
    yield "delete", ""
    if mnemonic in CONDITIONS:
        yield "condition", CONDITIONS[mnemonic] + rest
    if mnemonic[-1] in WIDTHS and len(mnemonic) > 3 and mnemonic not in _NOT_SIZED:
        yield "width", mnemonic[:-1] + WIDTHS[mnemonic[-1]] + rest
    registers = re.findall(r"%(\w+)", rest)
    if registers and all(r in REGISTERS for r in registers) and "(" not in rest and \
            not _clears_the_rest(mnemonic, rest):
        yield "width", mnemonic + re.sub(r"%(\w+)", lambda m: "%" + REGISTERS[m[1]], rest)
    for number in re.finditer(r"(?<=[$ \t(+])\d+\b", rest):
        new = str(int(number[0]) + 1)
        yield "constant", mnemonic + rest[:number.start()] + new + rest[number.end():]
    if mnemonic in ("or", "and", "btr", "bts", "add", "sub"):
        other = dict(zip(("or", "and", "btr", "bts", "add", "sub"),
                         ("and", "or", "bts", "btr", "sub", "add")))[mnemonic]
        yield "bits", other + rest
    if re.match(r"cmp|test", mnemonic) and "," in rest:
        yield "constant", mnemonic + re.sub(r"\$(\w+)", r"$(\1 ^ 1)", rest, count=1)


def find(path, source):
    """The mutants of one file."""
    for scope, lines in scopes(path, source):
        for start, end, mnemonic in lines:
            for op, new in _changes(source[start:end], mnemonic):
                yield Mutant(scope, op, start, end, new)
        for (a, b, _), (c, d, _) in zip(lines, lines[1:]):
            if not source[b:c].count("#if") and not _in_any_order(source[a:b], source[c:d]):
                yield Mutant(scope, "swap", a, d, source[c:d] + source[b:c] + source[a:b])
