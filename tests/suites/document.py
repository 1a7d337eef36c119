"""The table of the suites, and its place in docs/security.md."""

import datetime
import pathlib

from kit import document
from kit.peers import Hubgate

PAGE = pathlib.Path("docs/security.md")


def table(rows):
    lines = ["| suite | what | result |", "|---|---|---|", *(row.markdown() for row in rows)]
    day = datetime.date.today().isoformat()
    return "\n".join([*lines, "", f"{Hubgate().version()}, {day}."])


def write(text):
    """Replaces what is between the markers."""
    document.replace(PAGE, *document.markers("suites"), text)
