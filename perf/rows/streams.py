"""What visitors cost who stay and hear something each second."""

from contestants import Setup
from loads import crowd
from rows.memory import MEGA
from rows.row import Measurement, Row

# A processor's time is told in steps of 10 ms, so that it takes many.
SECONDS_EACH = 4
MILLI = 1e3


def measure(load):
    def take(stand):
        proxy = stand.fresh(Setup(hub="events"))
        computed, memory = load(proxy.port, SECONDS_EACH * stand.seconds, proxy)
        return computed * MILLI, memory / MEGA
    return take


def rows(key, what):
    crowd_of = f"{crowd.CROWD:,} {what}"
    return (
        Row(key, f"CPU of {crowd_of}, one message a second each, ms a second"),
        Row(f"{key}-rss", f"RSS with {crowd_of}, MB"),
    )


STAYING = [
    Measurement(rows("sse", "event streams (SSE)"), measure(crowd.events), once=True),
    Measurement(rows("ws", "WebSockets"), measure(crowd.websockets), once=True),
]
