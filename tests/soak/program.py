"""The programs of a house: hubgate, its hub and its CA."""

import signal

from kit.process import Process, spawn

DEADLINE = 20


class Program(Process):
    """Appends standard error to `log` and standard output to `log`.out; the `with` block kills it."""

    deadline = DEADLINE

    def start(self, command, **options):
        with open(f"{self.log}.out", "ab") as out, open(self.log, "ab") as err:
            return spawn(command, out, err, **options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def terminate(self, seconds=DEADLINE):
        """Sends SIGTERM and returns the exit code."""
        self.child.send_signal(signal.SIGTERM)
        return self.child.wait(seconds)
