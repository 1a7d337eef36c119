"""The programs of the suites: hubgate, and the hubs behind it."""

import pathlib
import signal
import sys

from kit.hub import command
from kit.ports import free_port
from kit.process import Process
from kit.wait import SECONDS, until

HERE = pathlib.Path(__file__).parent


class Program(Process):
    """The first SIGTERM lets connections end in their own time, the second does not."""

    signals, patience = (signal.SIGTERM, signal.SIGTERM, signal.SIGKILL), 1


def is_in_time(condition, what, seconds=SECONDS):
    """Waits until the condition holds; logs it if the time passes first."""
    try:
        return bool(until(condition, what, seconds))
    except TimeoutError as late:
        print(f"suites: {late}", file=sys.stderr)
        return False


def hub(folder, script):
    """A hub of the suites on a free port."""
    port = free_port()
    return Program(command(HERE / script, port), folder / f"{script}.log", port)
