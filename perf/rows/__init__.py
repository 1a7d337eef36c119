"""The two tables and their rows, a file per subject; those that need the same setup in turn."""

import dataclasses
import pathlib

from rows.attacks import ATTACKS
from rows.bodies import DOWN, UP
from rows.cores import ON_ALL_CORES
from rows.handshakes import WITH_CERTIFICATE, WITHOUT_CERTIFICATE
from rows.instructions import COUNTED
from rows.latency import AT_A_PACE
from rows.memory import CROWDED
from rows.password import BEHIND_A_PASSWORD
from rows.program import ITSELF
from rows.requests import IN_THE_CLEAR, OVER_TLS
from rows.streams import STAYING

MEASUREMENTS = [
    *ITSELF, *COUNTED, *CROWDED,
    *OVER_TLS, *DOWN, *AT_A_PACE, *WITHOUT_CERTIFICATE,
    *ON_ALL_CORES, *IN_THE_CLEAR, *WITH_CERTIFICATE, *BEHIND_A_PASSWORD,
    *UP, *STAYING,
]


@dataclasses.dataclass(frozen=True)
class Sheet:
    """A table, and the place in a document that keeps it."""

    measurements: list
    document: pathlib.Path
    # Before and after the table there.
    mark: str
    # The peers by name; all without it.
    peers: tuple = ()
    # Whether a row is measured again whose rounds lie far apart.
    steady: bool = False

    def rows(self):
        return [row for measurement in self.measurements for row in measurement.rows]


DOCS = pathlib.Path(__file__).parent.parent.parent / "docs"
SPEED = Sheet(MEASUREMENTS, DOCS / "performance.md", "<!-- scripts/bench --write -->", steady=True)
COST = Sheet(
    ATTACKS, DOCS / "security.md", "<!-- scripts/bench --attacks --write -->", ("NGINX tuned",)
)
