"""Callers from outside this program: each says how much was answered."""

import base64
import subprocess

from keys import PASSWORD, USER
from process import Failed

# Beside the time of a measurement: what a caller may take to begin and to end.
SLACK = 30
# Of a page, which asks with the password for each.
ITEMS = 40
BASIC = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


def run(command, seconds):
    """Returns what the command printed."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, timeout=seconds + SLACK, check=False,
        )
    except subprocess.TimeoutExpired:
        raise Failed(f"{command[0]} did not end") from None
    if done.returncode:
        raise Failed(f"{command[0]} failed: {done.stdout[-300:]}")
    return done.stdout
