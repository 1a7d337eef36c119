"""What idle connections hold."""

from loads import visitor
from rows.requests import TLS
from rows.row import Measurement, Row

FEW, MANY = 1000, 5000
MEGA, KILO = 1e6, 1e3


def idle(stand):
    proxy = stand.fresh(TLS)
    alone = proxy.rss()
    with visitor.idle() as more:
        more(proxy.port, FEW)
        few = proxy.rss()
        yield from [alone / MEGA, few / MEGA, (few - alone) / FEW / KILO]
        more(proxy.port, MANY - FEW)
        yield (proxy.rss() - alone) / MANY / KILO


CROWDED = [
    Measurement(
        (
            Row("rss", "RSS idle, MB"),
            Row("rss-1000", f"RSS with {FEW:,} idle TLS connections, MB"),
            Row("each-1000", f"RSS of each of {FEW:,} idle TLS connections, KB", 1.5),
            Row("each-5000", f"RSS of each of {MANY:,}, KB", 1.5),
        ),
        idle,
        once=True,
    )
]
