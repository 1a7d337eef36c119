"""slowhttptest holds 300 connections: how a visitor fares, and when hubgate lets go of them."""

import csv
import re
import signal
import subprocess
import time

import sockets
from gate import Gate
from program import hub, is_in_time
from row import Row
from visitor import Waits, slower

CONNECTIONS = 300
LIMITS = f"connections_per_address: {2 * CONNECTIONS}"
# Of each mode: its options, what it asks for, and after how long none may be left.
MODES = {
    "H": ("slow heads", ["-i", "5"], "/", 15),
    "B": ("slow bodies", ["-i", "5", "-s", "8192", "-x", "10"], "/", 40),
    "X": ("slow reading of 32 MB", ["-w", "10", "-y", "20", "-n", "5", "-z", "32"], "/large", 75),
    "R": ("ranges by the hundred", [], "/", 15),
}
MEASURED = 6
TIMES = 2


def run(folder):
    with hub(folder, "hub.py") as behind:
        for mode in MODES:
            with Gate(folder, behind.port, LIMITS) as gate:
                yield attacked(folder, gate, mode)


def attacked(folder, gate, mode):
    what, options, path, limit = MODES[mode]
    calm = Waits(gate.port, MEASURED)
    begun = time.monotonic()
    with Attack(folder, gate, mode, path, options, limit + 20) as attack:
        everybody = until_held(gate) if mode != "R" else True
        busy = Waits(gate.port, MEASURED)
        gone = is_in_time(lambda: not sockets.held(gate.port), f"mode {mode} is let go", limit)
        seconds = time.monotonic() - begun
        kept = sockets.orphaned(gate.port)
    wrong = [*slower(calm, busy, TIMES), *attack.faults(), *gate.panics()]
    if not everybody:
        wrong.append(f"slowhttptest never held {CONNECTIONS} connections")
    if not gone:
        wrong.append(f"after {limit} s {sockets.held(gate.port)} connections are open")
    if kept > CONNECTIONS * 1000:
        wrong.append(f"the kernel keeps {kept / 1e6:.0f} MB for connections that were closed")
    result = f"all closed after {seconds:.0f} s" if gone else "not all closed"
    return Row(f"slowhttptest {version()}", f"-{mode}, {what}, {CONNECTIONS} connections",
               f"{result}; a visitor waits {busy}, before {calm} (p50/p99)"
               + f"; {kept / 1e6:.0f} MB left to the kernel" * (kept > 0), wrong)


def until_held(gate):
    return is_in_time(lambda: sockets.held(gate.port) >= CONNECTIONS, "slowhttptest holds all")


class Attack:
    """A running slowhttptest; ends with its `with` block."""

    def __init__(self, folder, gate, mode, path, options, seconds):
        self.report = folder / f"slow-{mode}"
        command = ["slowhttptest", f"-{mode}", "-c", CONNECTIONS, "-r", CONNECTIONS, "-l", seconds,
                   "-p", "3", "-g", "-o", self.report,
                   "-u", f"https://localhost:{gate.port}{path}", *options]
        self.child = subprocess.Popen(
            list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # It writes its report when it is interrupted.
        self.child.send_signal(signal.SIGINT)
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()

    def faults(self):
        """The seconds in which slowhttptest's own probe was not answered."""
        report = self.report.with_suffix(".csv")
        rows = list(csv.DictReader(report.read_text().splitlines())) if report.exists() else []
        if not rows:
            yield "slowhttptest has reported nothing"
        for row in rows:
            if row["Service Available"] == "0":
                yield f"not available to slowhttptest in second {row['Seconds']}"


def version():
    printed = subprocess.run(["slowhttptest", "-h"], capture_output=True, text=True, check=False)
    return re.search(r"version (\S+)", printed.stdout + printed.stderr)[1]
