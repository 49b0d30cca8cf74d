# SPDX-License-Identifier: MIT
"""Show a page in headless Chromium; read its DOM and its console.

The page runs unchanged in a frame of another page. A probe script in the outer page reads it,
clicks in it, and leaves its findings as JSON in the outer DOM, which Chromium prints.
"""

import html
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

NAMES = ("chromium-headless-shell", "chromium")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-sync",
         "--no-first-run", "--disable-background-networking", "--disable-component-update",
         "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND",
         "--allow-file-access-from-files", "--enable-logging=stderr"]
LIMIT = 60      # seconds
WRAPPER = """\
<!DOCTYPE html><meta charset="utf-8"><title>probe</title>
<iframe id="frame" src="report.html%(fragment)s" %(sandbox)s
        style="width:%(width)dpx;height:%(height)dpx;border:0"></iframe>
<pre id="probe"></pre>
<script>
addEventListener("load", async () => {
	const win = document.getElementById("frame").contentWindow, doc = win.document;
	const pause = () => new Promise((done) => setTimeout(done, 50));
	const shown = (node) => node.getClientRects().length > 0;
	const out = {};
	try {
		%(probe)s
	} catch (error) {
		out.error = String(error);
	}
	document.getElementById("probe").textContent = JSON.stringify(out);
});
</script>
"""


class NoBrowser(Exception):
    """No browser is installed; the message says how to get one."""


def find():
    """The browser's path."""
    found = [path for path in map(shutil.which, NAMES) if path]
    if not found:
        raise NoBrowser("no Chromium here (%s); this installs one: tools/install test" % " or ".join(NAMES))
    return found[0]


def run(url, *more):
    """Load a page in a new browser, with more options; returns (its output, its errors)."""
    browser = find()
    with tempfile.TemporaryDirectory() as home:
        command = [browser, *FLAGS, "--user-data-dir=" + os.path.join(home, "data"), *more, url]
        env = dict(os.environ, HOME=home, XDG_CONFIG_HOME=home, XDG_CACHE_HOME=home)
        with subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, start_new_session=True) as process:
            try:
                printed, output = process.communicate(timeout=LIMIT)
            finally:
                try:
                    os.killpg(process.pid, signal.SIGKILL)      # it leaves helpers behind
                except ProcessLookupError:
                    pass
    if process.returncode:
        raise AssertionError("%s ended with %s:\n%s" % (
            browser, process.returncode, output.decode("utf-8", "replace")[-2000:]))
    return printed.decode("utf-8"), output.decode("utf-8", "replace")


def seconds(url):
    """The seconds in which a browser starts, loads a page and draws the first window of it."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        run(url, "--window-size=1280,800", "--screenshot=" + os.path.join(folder, "x.png"))
        return time.monotonic() - began


def show(url, *more):
    """Load a page in a new browser; returns (the final DOM, the lines of its console)."""
    dom, output = run(url, "--virtual-time-budget=10000", *more, "--dump-dom")
    if not dom.strip():
        raise AssertionError("the browser printed no page:\n" + output[-2000:])
    return dom, re.findall(r"CONSOLE[:(]\d+[\])].*", output)


def probe(folder, script, width=1280, height=800, fragment="", scripts=True):
    """Run the probe script on folder/report.html; returns (its `out`, the console's lines)."""
    wrapper = os.path.join(folder, "wrapper.html")
    with open(wrapper, "w", encoding="utf-8") as file:
        file.write(WRAPPER % {"fragment": fragment, "width": width, "height": height, "probe": script,
                              "sandbox": "" if scripts else 'sandbox="allow-same-origin"'})
    dom, console = show("file://" + wrapper, "--window-size=%d,%d" % (width + 50, height + 50))
    out = json.loads(html.unescape(re.search(r'<pre id="probe">(.*?)</pre>', dom, re.DOTALL)[1]) or
                     '{"error": "the probe did not run"}')
    if "error" in out:
        raise AssertionError("%s; console: %s" % (out["error"], console))
    return out, console
