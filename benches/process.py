"""A program that is measured, or that helps to: started, looked at, ended."""

import os
import pathlib
import socket
import subprocess
import time

DEADLINE = 10
TICKS = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """A program on some cores; ends with its `with` block."""

    def __init__(self, command, cores, log, port):
        pinned = ["taskset", "--cpu-list", ",".join(map(str, cores)), *command]
        self.log = log
        with open(log, "ab") as output:
            self.child = subprocess.Popen(
                pinned, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        self.port = port

    def __enter__(self):
        try:
            self.wait_until_it_listens()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_):
        self.end()

    def wait_until_it_listens(self):
        limit = time.monotonic() + DEADLINE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if self.child.poll() is not None or time.monotonic() > limit:
                    printed = pathlib.Path(self.log).read_text(errors="replace")
                    raise SystemExit(f"bench: {self.child.args}: not started\n{printed}") from None
            time.sleep(0.02)

    def end(self):
        self.child.terminate()
        try:
            self.child.wait(1)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()

    def cpu(self):
        """Seconds that it and its children have computed."""
        return sum(self._ticks(pid) for pid in self._tree()) / TICKS

    def rss(self):
        """Bytes of memory that it and its children hold."""
        return sum(self._resident(pid) for pid in self._tree())

    def _tree(self):
        pids = [self.child.pid]
        for pid in pids:
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
                pids += map(int, (task / "children").read_text().split())
        return pids

    @staticmethod
    def _ticks(pid):
        # The name, in parentheses, may contain spaces.
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    @staticmethod
    def _resident(pid):
        for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Rss:"):
                return int(line.split()[1]) * 1024
        raise SystemExit(f"bench: process {pid} has no memory")
