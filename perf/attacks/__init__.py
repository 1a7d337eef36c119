"""Anonymous clients that cost: each returns the bytes that it sent, as TCP counts them."""

import time


def repeat(seconds, act):
    """Repeats an attack until the time is over; the sum of the bytes it sent."""
    sent, limit = 0, time.monotonic() + seconds
    while time.monotonic() < limit:
        sent += act()
    return sent
