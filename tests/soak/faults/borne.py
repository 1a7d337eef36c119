"""Looks whether a fault was borne."""

import asyncio
import time

PAUSE = 0.05


class NotBorne(Exception):
    """What was promised for a fault and did not happen, in a sentence."""


def holds(condition, what):
    if not condition:
        raise NotBorne(what)


async def eventually(condition, what, seconds):
    """Waits until an asynchronous condition holds."""
    limit = time.monotonic() + seconds
    while not await condition():
        holds(time.monotonic() < limit, f"{what}: not within {seconds} s")
        await asyncio.sleep(PAUSE)
