"""Instructions in user space, which do not drift as time does."""

from contestants import Setup
from loads import h2load
from rows.row import Measurement, Row

TLS = Setup(counted=True)
PLAIN = Setup(counted=True, tls=False)
# Their difference is that of requests alone: both have the same start, connections and end.
FEW, MANY = 500, 2500


def of_a_request(setup, protocol):
    load = h2load.counted(protocol, "https" if setup.tls else "http")

    def take(stand):
        if not stand.contestant.countable:
            return []
        few, many = (stand.instructions(setup, load, count) for count in (FEW, MANY))
        return [(many - few) / (MANY - FEW)]
    return take


def of_a_start(stand):
    if not stand.contestant.countable:
        return []
    return [stand.instructions(TLS, h2load.counted("http/1.1"), h2load.LEAST) / 1e6]


def measurement(key, title, take):
    return Measurement((Row(f"count-{key}", title, 1.0),), take, once=True)


COUNTED = [
    measurement("plain", "instructions of a request, HTTP/1.1 plain",
                of_a_request(PLAIN, "http/1.1")),
    measurement("h1", "instructions of a request, HTTP/1.1 over TLS", of_a_request(TLS, "http/1.1")),
    measurement("h2", "instructions of a request, HTTP/2 over TLS", of_a_request(TLS, "h2")),
    measurement("start", "instructions of a start, eight requests and the end, millions",
                of_a_start),
]
