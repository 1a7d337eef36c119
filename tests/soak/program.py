"""A program that is started, waited for and ended, and what /proc tells of a process."""

import os
import pathlib
import signal
import socket
import subprocess
import time

DEADLINE = 20
PAUSE = 0.02


def until(holds, what, seconds=DEADLINE, pause=PAUSE):
    """Waits until `holds` returns something true, and returns that."""
    limit = time.monotonic() + seconds
    while not (value := holds()):
        if time.monotonic() > limit:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(pause)
    return value


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


class Program:
    """A program that writes into log files; ends with its `with` block."""

    def __init__(self, command, log, **options):
        self.log = pathlib.Path(log)
        with open(f"{log}.out", "ab") as out, open(log, "ab") as err:
            self.child = subprocess.Popen(
                list(map(str, command)), stdin=subprocess.DEVNULL, stdout=out, stderr=err, **options
            )
        self.pid = self.child.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def wait_until_it_listens(self, port):
        until(lambda: self.child.poll() is not None or listens(port), f"{self.child.args} listens")
        if self.child.poll() is not None:
            raise ChildProcessError(f"{self.child.args} ended: {self.printed()[-2000:]}")
        return self

    def printed(self):
        return self.log.read_text(errors="replace")

    def kill(self):
        self.child.kill()
        self.child.wait()

    def end(self, seconds=DEADLINE):
        """Asks it to end; returns its exit code."""
        self.child.send_signal(signal.SIGTERM)
        return self.child.wait(seconds)


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def resident(pid):
    """Bytes of memory that a process holds."""
    return told(pid, "smaps_rollup", "Rss:")


def data(pid):
    """Bytes of memory that count for prlimit's --data."""
    return told(pid, "status", "VmData:")


def told(pid, file, name):
    """Bytes, from a line of /proc that tells them in kB."""
    for line in pathlib.Path(f"/proc/{pid}/{file}").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    raise ProcessLookupError(pid)


def is_alive(pid):
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"
