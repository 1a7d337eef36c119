"""What hubgate promises: looked at now, or within a time."""

import asyncio
import time

from kit.wait import PAUSE, until


class Broken(Exception):
    """A promise that was not kept, in a sentence."""


def holds(condition, what):
    if not condition:
        raise Broken(what)


def in_time(condition, what, seconds, pause=PAUSE):
    """Waits until the condition holds."""
    try:
        until(condition, what, seconds, pause)
    except TimeoutError as late:
        raise Broken(str(late)) from None


async def eventually(condition, what, seconds):
    """Waits until an asynchronous condition holds, while others go on."""
    limit = time.monotonic() + seconds
    while not await condition():
        holds(time.monotonic() < limit, f"{what}: not within {seconds} s")
        await asyncio.sleep(PAUSE)
