"""All rows, a file per subject; those that need the same setup in turn."""

from rows.bodies import DOWN, UP
from rows.handshakes import WITH_CERTIFICATE, WITHOUT_CERTIFICATE
from rows.latency import AT_A_PACE
from rows.memory import CROWDED
from rows.password import BEHIND_A_PASSWORD
from rows.program import ITSELF
from rows.requests import IN_THE_CLEAR, OVER_TLS
from rows.streams import STAYING

MEASUREMENTS = [
    *ITSELF, *CROWDED,
    *OVER_TLS, *DOWN, *AT_A_PACE, *WITHOUT_CERTIFICATE,
    *IN_THE_CLEAR, *WITH_CERTIFICATE, *BEHIND_A_PASSWORD,
    *UP, *STAYING,
]
ROWS = [row for measurement in MEASUREMENTS for row in measurement.rows]
