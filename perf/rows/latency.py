"""How long an answer takes at a moderate pace."""

from loads import h2load
from rows.requests import TLS
from rows.row import Measurement, Row

# More than other rows take: a percentile needs many answers.
MORE_SECONDS = 2
PACE = f"at {h2load.CONNECTIONS * h2load.RATE:,} requests a second, HTTP/1.1 over TLS, µs"


def delays(stand):
    port = stand.warm(TLS).port
    return h2load.delays(port, stand.seconds + MORE_SECONDS, stand.house.folder)


ROWS = (
    Row("p50", f"p50 {PACE}", steady=False), Row("p99", f"p99 {PACE}", 1.0, steady=False)
)
AT_A_PACE = [Measurement(ROWS, delays)]
