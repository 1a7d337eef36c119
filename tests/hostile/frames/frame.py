"""HTTP/2 by hand: frames (RFC 9113, section 4.1), and fields as HPACK's plain literals (RFC 7541,
section 6.2.2), which any decoder takes.
"""

import dataclasses

from case import Case, shown

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, \
    CONTINUATION = range(10)
END_STREAM, END_HEADERS, PADDED, PRIORITISED, ACK = 0x1, 0x4, 0x8, 0x20, 0x1
# SETTINGS_HEADER_TABLE_SIZE 0: the answers then use no table of their own.
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
# What a case wants to be treated as: an error of the connection, or of a stream at least.
CONNECTION, STREAM = "connection", "stream"


@dataclasses.dataclass
class FrameCase(Case):
    """`pieces` follow the preface and the first SETTINGS, unless `bare`. `error` is how RFC 9113
    wants it treated. A control has to be answered on `streams`."""

    error: str = ""
    bare: bool = False
    streams: tuple = (1,)


class Group:
    """The cases of one section."""

    def __init__(self, name):
        self.name = name
        self.cases = []

    def attack(self, name, *frames, **more):
        self._add(name, frames, **more)

    def control(self, name, *frames, meant, **more):
        self._add(name, frames, control=True, meant=list(meant), **more)

    def _add(self, name, frames, **more):
        self.cases.append(FrameCase(self.name, shown(name), [b"".join(frames)], **more))


def frame(kind, flags, stream, payload=b"", length=None):
    length = len(payload) if length is None else length
    return length.to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def number(value, bits, first=0):
    """RFC 7541, section 5.1."""
    most = (1 << bits) - 1
    if value < most:
        return bytes([first | value])
    coded, value = [first | most], value - most
    while value >= 128:
        coded.append(value % 128 + 128)
        value //= 128
    return bytes([*coded, value])


def text(value):
    value = value.encode("latin-1")
    return number(len(value), 7) + value


def field(name, value):
    return b"\0" + text(name) + text(value)


def block(fields):
    return b"".join(field(name, value) for name, value in fields)


def asked(method="GET", path="/case0000", authority="home.test", scheme="https", more=(), first=()):
    """The fields of a request; those that are None are left out."""
    pseudo = [(":method", method), (":scheme", scheme), (":authority", authority), (":path", path)]
    return [*first, *[(name, value) for name, value in pseudo if value is not None],
            ("x-case", "case0000"), *more]


def headers(fields=None, stream=1, flags=END_STREAM | END_HEADERS, before=b"", after=b""):
    return frame(HEADERS, flags, stream, before + block(asked() if fields is None else fields) + after)


def get(stream=1, **more):
    return headers(asked(**more), stream)


def post(*bodies, stream=1, more=(), end=True, **other):
    """A request with a body, a frame for each piece."""
    frames = [headers(asked(**{"method": "POST", "more": more, **other}), stream, END_HEADERS)]
    for at, body in enumerate(bodies, 1):
        last = END_STREAM if end and at == len(bodies) else 0
        frames.append(data(body, stream, last))
    return b"".join(frames)


def data(body, stream=1, flags=END_STREAM):
    return frame(DATA, flags, stream, body.encode("latin-1"))


def setting(key, value):
    return key.to_bytes(2, "big") + value.to_bytes(4, "big")


def settings(*pairs, flags=0, stream=0):
    return frame(SETTINGS, flags, stream, b"".join(setting(*pair) for pair in pairs))


def window(increment, stream=0):
    return frame(WINDOW_UPDATE, 0, stream, increment.to_bytes(4, "big"))


def reset(stream, code=8):
    return frame(RST_STREAM, 0, stream, code.to_bytes(4, "big"))
