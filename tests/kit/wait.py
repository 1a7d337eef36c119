"""Waiting for a condition."""

import time

SECONDS = 15
PAUSE = 0.02


def until(condition, what, seconds=SECONDS, pause=PAUSE):
    """Returns the first true value of `condition()`; raises TimeoutError after the time."""
    limit = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > limit:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(pause)
    return value
