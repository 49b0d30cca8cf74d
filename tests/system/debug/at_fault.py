# SPDX-License-Identifier: MIT
"""gdb runs this: it tries each of our commands at the first protection-key fault, under a mark.

Next to each answer stands one that does not use our commands: gdb's own, or the kernel's, whose
report function is called in the stopped machine.
"""

import gdb

NEVER_AGAIN = "boot_main"       # has run already, so a breakpoint there can mark a call's end


def mark(name):
    """Mark the output that follows as that of `name`."""
    print("\n==== %s" % name)


def show(name, command):
    """Print one command's output, or its refusal."""
    mark(name)
    try:
        gdb.execute(command)
    except gdb.error as error:
        print("refused: %s" % error)


def kernel_call(function, *arguments):
    """Call a kernel function. gdb's `call` would return to the stack, which is NX."""
    saved = {r: int(gdb.parse_and_eval("(unsigned long)$" + r)) for r in (
        "rip", "rsp", "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "r8", "r9", "r10", "r11",
        "r12", "r13", "r14", "r15")}
    home = int(gdb.parse_and_eval("(unsigned long)&" + NEVER_AGAIN))
    back = gdb.Breakpoint("*%#x" % home, gdb.BP_HARDWARE_BREAKPOINT, internal=True)
    rsp = (saved["rsp"] - 256 & ~15) - 8        # as after a call
    gdb.selected_inferior().write_memory(rsp, home.to_bytes(8, "little"))
    gdb.execute("set $rsp = %#x" % rsp)
    for register, value in zip(("rdi", "rsi"), arguments):
        gdb.execute("set $%s = %#x" % (register, value))
    gdb.execute("set $rip = (unsigned long)&%s" % function)
    gdb.execute("continue")
    here = int(gdb.parse_and_eval("(unsigned long)$rip"))
    back.delete()
    if here != home:
        raise gdb.GdbError("%s() did not return: RIP %#x" % (function, here))
    for register, value in saved.items():
        gdb.execute("set $%s = %#x" % (register, value))


def show_threads():
    """Print `threads` while one thread has unique rights; then the same without our commands."""
    threads, node = [], gdb.parse_and_eval("all_threads.next")
    offset = int(gdb.parse_and_eval("(unsigned long)&((struct thread *)0)->all_node"))
    while node != gdb.parse_and_eval("&all_threads"):
        threads.append("((struct thread *)%#x)" % (int(node) - offset))
        node = node["next"]
    saved = "*(unsigned int *)%s->rsp" % threads[0]
    former = int(gdb.parse_and_eval(saved))
    gdb.execute("set var %s = 0xffffff2c" % saved)
    show("threads", "threads")
    mark("threads raw")
    for t in threads:
        running = gdb.parse_and_eval("boot_cpu.current == " + t)
        number, name, state, pkrs = (gdb.parse_and_eval(e) for e in (
            t + "->id", t + "->name", t + "->state",
            "boot_cpu.pkrs" if running else "*(unsigned int *)%s->rsp" % t))
        print("%d %s %s 0x%08x" % (number, name.string(),
                                   ("runnable", "blocked", "dead")[int(state)], pkrs))
    gdb.execute("set var %s = %#x" % (saved, former))


def main():
    """Print everything at the fault, after the pardon and after the return."""
    gdb.execute("set pagination off")
    show("too early", "pkrs")
    gdb.execute("continue")
    while str(gdb.parse_and_eval("options.policy.mode")) != "PKS_MODE_SILENT" or \
            "marks: 0" in gdb.execute("walk addr", to_string=True):
        gdb.execute("continue")         # this fault will not be pardoned
    mark("stopped")
    gdb.execute("info symbol $rip")
    regs, addr = (int(gdb.parse_and_eval("(unsigned long)$" + r)) for r in ("rdi", "rsi"))
    show("raw", "output/x *(unsigned long *)%#x" % regs)
    show("pkrs", "pkrs")
    show("pkrs value", "pkrs 0xfffffe4c")
    show("pkrs refuses", "pkrs 0x100000000")
    show("frame", "frame-pkrs")
    show("frame by address", "frame-pkrs %#x" % regs)
    show("walk", "walk addr")
    show("walk of code", "walk pks_fault")
    show("walk of nothing", "walk 0xffffc00000001000")
    show_threads()
    mark("kernel")
    for address in (addr, int(gdb.parse_and_eval("(unsigned long)&pks_fault"))):
        kernel_call("report_address", address)
    gdb.execute("delete")       # RIP was moved: the breakpoint would stop here once more
    gdb.execute("hbreak *%#x" % int(gdb.parse_and_eval("*(unsigned long *)$rsp")))
    gdb.execute("continue")
    show("frame after", "frame-pkrs %#x" % regs)
    show("still initial", "pkrs")
    gdb.execute("hbreak *((struct regs *)%#x)->rip" % regs)
    gdb.execute("continue")
    show("pkrs after", "pkrs")
    gdb.execute("delete")
    show("end", "continue")


main()
