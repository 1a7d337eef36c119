"""HTTP/1.1 over eight kept connections, by wrk."""

import pathlib
import re

from loads import run
from process import Failed

SCRIPT = pathlib.Path(__file__).with_name("totals.lua")


def requests(port, seconds, path="/", scheme="https"):
    """How many requests were answered."""
    return totals(port, seconds, path, scheme)[0]


def megabytes(port, seconds, path):
    """How much came, over TLS."""
    return totals(port, seconds, path, "https")[1] / 1e6


def totals(port, seconds, path, scheme):
    url = f"{scheme}://127.0.0.1:{port}{path}"
    printed = run(["wrk", "-t1", "-c8", f"-d{seconds}s", "-s", SCRIPT, url], seconds)
    count, size, failed = map(int, re.search(r"totals (\d+) (\d+) (\d+)", printed).groups())
    if failed or not count:
        raise Failed(f"wrk: {failed} of {count} answers of {path} were none, or not 200")
    return count, size
