"""A case: raw bytes for a proxy, and what the hub may hear of them at most."""

import dataclasses
import re

# Stands in every request of a case; the client puts the number of the case there.
MARK = b"case0000"
NUMBERED = re.compile(rb"case\d{4}")
HOST = "Host: home.test"
# A request that must stay a body, or unread.
SMUGGLED = f"GET /smuggled HTTP/1.1\r\n{HOST}\r\nX-Case: case0000\r\n\r\n"
# Values that only a client would claim.
FORGED, FORGED_ADDRESS = "forged", "203.0.113.66"


@dataclasses.dataclass(frozen=True)
class Meant:
    """A request as the hub should hear it; None is anything."""

    method: str = "GET"
    target: str = "/case0000"
    body: str | None = ""
    host: str | None = None
    fields: tuple = ()


@dataclasses.dataclass
class Case:
    """`meant` are the requests that the hub may hear, in this order, or fewer; None is one
    of any shape. `rule` is what wants the bytes refused. `never` are names of fields that
    the hub must not hear. A control has to be served, each request with `status`. `known_by`
    is how a request begins at the hub that cannot carry the mark."""

    group: str
    name: str
    pieces: list
    meant: list | None = None
    rule: str = ""
    never: tuple = ()
    control: bool = False
    status: int = 200
    known_by: bytes = b""


class Group:
    """The cases of one subject, in a table of their own."""

    def __init__(self, name):
        self.name = name
        self.cases = []

    def attack(self, name, raw, **more):
        self.cases.append(Case(self.name, shown(name), pieces(raw), **more))

    def control(self, name, raw, *meant, **more):
        self.cases.append(
            Case(self.name, shown(name), pieces(raw), list(meant), control=True, **more))


def get(fields="", target="/case0000", method="GET", version="HTTP/1.1", host=HOST):
    """A request without a body; `fields` are lines without the last line end."""
    lines = [f"{method} {target} {version}", host, "X-Case: case0000", fields]
    return "\r\n".join(line for line in lines if line) + "\r\n\r\n"


def post(fields, body="", **more):
    return get(fields, **{"method": "POST", **more}) + body


def with_line(line):
    """A request with this request line."""
    return f"{line}\r\n{HOST}\r\nX-Case: case0000\r\n\r\n"


def chunked(*chunks):
    return "".join(f"{len(chunk):x}\r\n{chunk}\r\n" for chunk in chunks) + "0\r\n\r\n"


def pieces(raw):
    """Texts are written by their code points below 256, so that any byte can be said."""
    raw = raw if isinstance(raw, list) else [raw]
    return [piece.encode("latin-1") for piece in raw]


def shown(name):
    """In one line of printable ASCII, short enough for a table."""
    text = name.encode("unicode_escape").decode("ascii").replace("`", "'").replace("|", "\\x7c")
    return text if len(text) <= 90 else f"{text[:80]}…{len(name)} bytes"
