"""What a small request costs where nothing is pinned, as on a small board."""

from contestants import Setup
from loads import h2load, wrk
from rows.requests import MICRO
from rows.row import Measurement, Row

UNPINNED = Setup(all_cores=True)
PACES = (500, 2000)
PROTOCOLS = {"h1": ("http/1.1", "HTTP/1.1", wrk.requests), "h2": ("h2", "HTTP/2", h2load.requests)}


def spent(load):
    def take(stand):
        return [stand.cost(UNPINNED, load) * MICRO]
    return take


def measurements(key, protocol, title, fast):
    loads = [(f"{pace}", f"{pace:,} requests/s", h2load.paced(protocol, pace)) for pace in PACES]
    for name, pace, load in [*loads, ("full", "full speed", fast)]:
        row = Row(f"cores-{key}-{name}", f"CPU of a request on all cores, {title} over TLS, {pace}, µs", 1.0)
        yield Measurement((row,), spent(load))


ON_ALL_CORES = [
    each for key, how in PROTOCOLS.items() for each in measurements(key, *how)
]
