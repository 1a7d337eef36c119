"""A child process that writes into a log and may listen on a port."""

import os
import pathlib
import signal
import subprocess
import time

from kit import procfs
from kit.ports import listens

PRINTED = 2000


class Process:
    """Runs at once; the `with` block waits until it listens, and ends it.

    `deadline` and `pause` are the seconds of its start; `signals` end it, each `patience`
    seconds after the one before. Further options are those of subprocess.Popen.
    """

    deadline, pause = 15, 0.02
    signals, patience = (signal.SIGTERM, signal.SIGKILL), 2

    def __init__(self, command, log, port=None, **options):
        self.log, self.port = pathlib.Path(log), port
        self.child = self.start(list(map(str, command)), **options)

    def start(self, command, **options):
        """Both outputs replace the log."""
        with open(self.log, "wb") as output:
            return spawn(command, output, output, **options)

    def __enter__(self):
        return self.wait_until_it_listens()

    def __exit__(self, *_):
        self.end()

    @property
    def pid(self):
        return self.child.pid

    def is_running(self):
        return self.child.poll() is None

    def wait_until_it_listens(self):
        """Returns the process, or ends it and raises ChildProcessError after `deadline`."""
        try:
            self._poll()
        except BaseException:
            self.end()
            raise
        return self

    def _poll(self):
        limit = time.monotonic() + self.deadline
        while not listens(self.port):
            if not self.is_running() or time.monotonic() > limit:
                raise ChildProcessError(f"not started: {self.child.args}: {self.last_words()}")
            time.sleep(self.pause)

    def printed(self):
        return self.log.read_text(errors="replace")

    def last_words(self):
        """The end of the log."""
        return self.printed()[-PRINTED:].strip()

    def end(self):
        """Sends the signals until the process ends."""
        for number in self.signals:
            if not self.is_running():
                break
            self.send(number)
            try:
                self.child.wait(self.patience)
            except subprocess.TimeoutExpired:
                continue
        self.child.wait()

    def send(self, number):
        """Signals the process, and its whole group if it leads one."""
        leads = os.getpgid(self.pid) == self.pid
        (os.killpg if leads else os.kill)(self.pid, number)

    def kill(self):
        self.child.kill()
        self.child.wait()

    def tree(self):
        return procfs.tree(self.pid)

    def rss(self):
        """Bytes of memory of the process and its descendants."""
        return sum(map(procfs.resident, self.tree()))

    def descriptors(self):
        return procfs.descriptors(self.pid)


def spawn(command, output, errors, **options):
    """A child without input."""
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, **options
    )
