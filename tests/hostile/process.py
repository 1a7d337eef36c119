"""A contestant's process: started, awaited, looked at, ended with all its children."""

import os
import pathlib
import signal
import socket
import subprocess
import time

DEADLINE = 15


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """A program in a process group of its own, which listens on `port` once it is ready."""

    def __init__(self, command, log, port, environment=None):
        self.log = pathlib.Path(log)
        self.port = port
        with open(log, "ab") as output:
            self.child = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                env={**os.environ, **(environment or {})}, start_new_session=True,
            )

    @property
    def pid(self):
        return self.child.pid

    def alive(self):
        return self.child.poll() is None

    def wait_until_it_listens(self):
        limit = time.monotonic() + DEADLINE
        while not self._listens():
            if not self.alive() or time.monotonic() > limit:
                printed = self.log.read_text(errors="replace")[-2000:]
                raise SystemExit(f"hostile: {self.child.args[0]} has not started\n{printed}")
            time.sleep(0.02)

    def _listens(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def end(self):
        """Ends it, by force when it does not end within two seconds."""
        for name in (signal.SIGTERM, signal.SIGKILL):
            if not self.alive():
                break
            os.killpg(self.pid, name)
            try:
                self.child.wait(2)
            except subprocess.TimeoutExpired:
                continue
        self.child.wait()

    def pids(self):
        """Its own, and those of its children and theirs."""
        pids = [self.pid]
        for pid in pids:
            for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
                pids += map(int, task.read_text().split())
        return pids

    def rss(self):
        """Bytes of memory that it and its children hold."""
        return sum(resident(pid) for pid in self.pids())


def resident(pid):
    try:
        lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Rss:"))
