# SPDX-License-Identifier: MIT
"""Serve a folder's files to one HTTP connection on standard input and output: http1.py FOLDER

QEMU starts this program for each connection of the guest (guestfwd), so a run needs no server and
no port.
"""

import functools
import http.server
import socketserver
import sys


class Handler(http.server.SimpleHTTPRequestHandler):
    """Persistent connections, as UEFI's HTTP boot makes them."""
    protocol_version = "HTTP/1.1"

    def setup(self):
        self.rfile, self.wfile = self.request

    def finish(self):
        self.wfile.flush()

    def log_message(self, *_):
        """Print nothing: the console belongs to the machine."""


def main(folder):
    """Serve until the other side hangs up."""
    handler = functools.partial(Handler, directory=folder)
    try:
        handler((sys.stdin.buffer, sys.stdout.buffer), ("guest", 0), socketserver.BaseServer(None, None))
    except BrokenPipeError:
        pass


if __name__ == "__main__":
    main(sys.argv[1])
