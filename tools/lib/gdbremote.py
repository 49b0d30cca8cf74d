# SPDX-License-Identifier: MIT
"""A client of QEMU's gdb stub: breakpoints, memory, the program counter, the monitor."""

import socket
import time

RIP = 16    # its number among the registers of the packet `g`


class Gone(Exception):
    """The machine has ended, or does not answer."""


class Late(Exception):
    """The machine runs on, and has stopped nowhere within the time limit."""


class Remote:
    """One connection. The machine stands still between stops; every method but run() needs that."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        for left in reversed(range(200)):   # the file is there before anybody listens
            try:
                self.socket.connect(path)
                break
            except ConnectionRefusedError as problem:
                if not left:
                    raise Gone from problem
                time.sleep(0.05)
        self.buffer = b""
        self.ask("qSupported")

    def close(self):
        """End the connection."""
        self.socket.close()

    def _send(self, packet):
        data = packet.encode()
        try:
            self.socket.sendall(b"$%s#%02x" % (data, sum(data) & 255))
        except OSError as problem:
            raise Gone from problem

    def _receive(self, seconds):
        self.socket.settimeout(seconds)
        while True:
            start = self.buffer.find(b"$")
            end = self.buffer.find(b"#", start)
            if 0 <= start < end and len(self.buffer) >= end + 3:
                packet, self.buffer = self.buffer[start + 1:end], self.buffer[end + 3:]
                try:
                    self.socket.sendall(b"+")
                except OSError:
                    pass    # QEMU 10 says that it ends, and is gone
                return packet.decode()
            try:
                data = self.socket.recv(65536)
            except socket.timeout as problem:
                raise Late from problem
            except OSError as problem:
                raise Gone from problem
            if not data:
                raise Gone
            self.buffer += data

    def ask(self, packet, seconds=20):
        """The answer to one packet."""
        self._send(packet)
        return self._receive(seconds)

    def _order(self, packet):
        answer = self.ask(packet)
        if answer != "OK":
            raise Gone("%s: %s" % (packet, answer))

    def run(self, seconds):
        """Let the machine run to its next stop; returns where that is. Late: it runs on."""
        if self.ask("vCont;c", seconds)[:1] not in "TS":
            raise Gone
        return self.rip()

    def step(self):
        """One instruction."""
        self.ask("vCont;s")

    def halt(self):
        """Stop a machine that runs; returns where."""
        self.socket.sendall(b"\x03")
        self._receive(20)
        return self.rip()

    def rip(self):
        """The program counter."""
        return int.from_bytes(bytes.fromhex(self.ask("g")[RIP * 16:RIP * 16 + 16]), "little")

    def insert(self, address):
        """Set a breakpoint."""
        self._order("Z1,%x,1" % address)

    def remove(self, address):
        """Remove a breakpoint."""
        self._order("z1,%x,1" % address)

    def read(self, address, count):
        """`count` words of 64 bits."""
        data = bytes.fromhex(self.ask("m%x,%x" % (address, 8 * count)))
        return [int.from_bytes(data[i:i + 8], "little") for i in range(0, len(data), 8)]

    def write(self, address, words):
        """Write words of 64 bits."""
        data = b"".join(word.to_bytes(8, "little") for word in words)
        self._order("M%x,%x:%s" % (address, len(data), data.hex()))

    def monitor(self, command):
        """Give one command to the emulator's monitor."""
        answer = self.ask("qRcmd," + command.encode().hex())
        while answer.startswith("O") and answer != "OK":
            answer = self._receive(20)
