"""Programs that are started, looked at and ended: hubgate, and the hubs behind it."""

import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

DEADLINE = 15
HERE = pathlib.Path(__file__).parent


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(what, reached, seconds=DEADLINE):
    """Waits until `reached()` is true; False when it never was."""
    limit = time.monotonic() + seconds
    while not reached():
        if time.monotonic() > limit:
            print(f"suites: in vain: {what}", file=sys.stderr)
            return False
        time.sleep(0.02)
    return True


class Program:
    """A program that listens; ends with its `with` block."""

    def __init__(self, command, port, log):
        self.port = port
        self.log = pathlib.Path(log)
        with open(log, "wb") as output:
            self.child = subprocess.Popen(
                list(map(str, command)), stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )

    def __enter__(self):
        if not until(f"{self.child.args[0]} listens", lambda: self.listens() or self.ended()):
            self.end()
        if self.ended():
            raise SystemExit(f"suites: {self.child.args}: not started\n{self.printed()}")
        return self

    def __exit__(self, *_):
        self.end()

    def listens(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    def ended(self):
        return self.child.poll() is not None

    def end(self):
        # Twice: the first one lets connections end in their own time.
        for _ in range(2):
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(1)
                return
            except subprocess.TimeoutExpired:
                continue
        self.child.kill()
        self.child.wait()

    def printed(self):
        return self.log.read_text(errors="replace")

    def rss(self):
        """Bytes of memory that it holds."""
        for line in pathlib.Path(f"/proc/{self.child.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Rss:"):
                return int(line.split()[1]) * 1024
        raise SystemExit(f"suites: process {self.child.pid} has no memory")

    def descriptors(self):
        """How many files and sockets it has open."""
        return len(os.listdir(f"/proc/{self.child.pid}/fd"))


def hub(folder, script):
    """A hub of ours, `script`, on a free port."""
    port = free_port()
    command = [sys.executable, "-B", HERE / script, port]
    return Program(command, port, folder / f"{script}.log")
