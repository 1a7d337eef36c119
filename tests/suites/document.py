"""The table of the suites, and its place in docs/security.md."""

import datetime
import pathlib

import gate

PAGE = pathlib.Path("docs/security.md")
BEGIN, END = "<!-- suites -->", "<!-- /suites -->"


def table(rows):
    lines = ["| suite | what | result |", "|---|---|---|", *(row.markdown() for row in rows)]
    day = datetime.date.today().isoformat()
    return "\n".join([*lines, "", f"{gate.version()}, {day}."])


def write(text):
    """Replaces what is between the markers."""
    before, begin, rest = PAGE.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"suites: {PAGE} has no place for the table: {BEGIN} … {END}")
    PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")
