# SPDX-License-Identifier: MIT
"""QEMU's two sockets: its monitor, and its gdb stub, which speaks GDB's remote protocol.

Stub sends the few packets that the tests need, so that no debugger has to be installed (GDB manual,
"Remote Protocol").
"""

import re
import socket
import time

LIMIT = 300     # seconds that an answer may take
MAGIC = 0x36d76289      # in EAX when the boot loader enters the kernel
EAX, EBX, ECX = 0, 1, 2     # register numbers of the stub
CR4, EFER = 30, 32


def connect(path):
    """Connect to one of QEMU's sockets; waits up to 4 seconds for it to appear."""
    for _ in range(200):
        try:
            link = socket.socket(socket.AF_UNIX)
            link.settimeout(LIMIT)
            link.connect(path)
            return link
        except OSError:
            link.close()
            time.sleep(0.02)
    raise OSError("QEMU has not opened " + path)


class Monitor:
    """QEMU's monitor."""

    def __init__(self, path):
        self.link = connect(path)
        self._answer()

    def _answer(self):
        text = b""
        while not text.endswith(b"(qemu) "):
            chunk = self.link.recv(65536)
            if not chunk:
                raise OSError("QEMU has ended")
            text += chunk
        return text.decode("ascii", "replace")

    def ask(self, command):
        """The answer to one command."""
        self.link.sendall(command.encode() + b"\n")
        return self._answer()

    def halted(self):
        """True if the CPU is halted with interrupts off.

        Asks twice: QEMU reads the flags and then the halt while the CPU runs on, and the CPU of a firmware
        that waits by STI and HLT may do both in between.
        """
        return self._halted() and self._halted()

    def _halted(self):
        found = re.search(r"[RE]FL=([0-9a-f]+).*HLT=(\d)", self.ask("info registers"))
        return found[2] == "1" and not int(found[1], 16) & 0x200


class Stub:
    """QEMU's gdb stub, with the machine stopped."""

    def __init__(self, path):
        self.link = connect(path)
        # The stub gives single registers only to a client that has read their description.
        self.ask("qSupported:xmlRegisters=i386")
        self.ask("qXfer:features:read:target.xml:0,ffb")

    def ask(self, packet):
        """Send one packet; returns the answer."""
        self.link.sendall(b"$%s#%02x" % (packet.encode(), sum(packet.encode()) & 0xff))
        text = b""
        while b"#" not in text[-3:-2]:
            chunk = self.link.recv(65536)
            if not chunk:
                raise OSError("QEMU has closed its gdb stub")
            text += chunk
        self.link.sendall(b"+")
        return text[text.index(b"$") + 1:-3].decode("latin-1")

    def order(self, packet):
        """Send one packet that must be answered with OK."""
        answer = self.ask(packet)
        if answer != "OK":
            raise OSError("QEMU's gdb stub answers %s with %r" % (packet, answer))

    def read_reg(self, number):
        """Read a register."""
        return int.from_bytes(bytes.fromhex(self.ask("p%x" % number)), "little")

    def write_reg(self, number, value):
        """Write a register."""
        self.order("P%x=%s" % (number, value.to_bytes(8, "little").hex()))

    def read(self, address, size):
        """Read memory."""
        return b"".join(bytes.fromhex(self.ask("m%x,%x" % (a, min(512, address + size - a))))
                        for a in range(address, address + size, 512))

    def write(self, address, data):
        """Write memory."""
        for at in range(0, len(data), 512):
            part = data[at:at + 512]
            self.order("M%x,%x:%s" % (address + at, len(part), part.hex()))

    def run_to(self, address):
        """Run until the CPU reaches an address."""
        self.order("Z1,%x,1" % address)
        self.ask("c")
        self.order("z1,%x,1" % address)

    def run_to_kernel(self, entry):
        """Run until the kernel is entered. GRUB runs code of its own at that address before."""
        self.run_to(entry)
        while self.read_reg(EAX) != MAGIC:
            self.ask("s")
            self.run_to(entry)

    def leave(self):
        """Let the machine run, and close the connection."""
        self.order("D")
        self.link.close()
