"""Switching protocols (RFC 9110, sections 7.8 and 15.2.2, and RFC 6455, section 4.2.2)."""

from .fault import BODY, CLOSE, Group, STRAY, answer

GROUP = Group("Upgrades")
ASKED = {"fields": "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="}
ACCEPT = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
UNASKED = "RFC 9110, section 15.2.2: a switch that nobody asked for"


def switched(protocol="websocket", fields=ACCEPT, connection="Upgrade"):
    lines = ["HTTP/1.1 101 Switching Protocols", f"Connection: {connection}" if connection else "",
             f"Upgrade: {protocol}" if protocol else "", fields]
    return "\r\n".join(line for line in lines if line) + "\r\n\r\n"


GROUP.control("a WebSocket", switched(), status=101, body="", **ASKED)
GROUP.control("a WebSocket refused", answer(line="HTTP/1.1 400 Bad Request"), status=400, **ASKED)
GROUP.control("a WebSocket answered with a page", answer(), **ASKED)
GROUP.fault("101 unasked", switched(), rule=UNASKED, status=101, body="")
GROUP.fault("101 unasked, then an answer", switched() + STRAY, rule=UNASKED, status=101, body="")
GROUP.fault("101 unasked, no protocol", switched("", "", ""), rule=UNASKED, status=101, body="")
GROUP.fault("101 to HEAD", switched(), rule=UNASKED, status=101, body="", method="HEAD")
GROUP.fault("101 to a body", switched(), rule=UNASKED, status=101, body="", method="POST", fields="Content-Length: 5",
            sent="hello")
for name, said in {
    "101 to another protocol": switched("h2c"),
    "101 without a protocol": switched(""),
}.items():
    GROUP.fault(name, said, CLOSE, rule="RFC 9110, section 7.8: not what was asked for", status=101, body="", **ASKED)
GROUP.fault("101 without Connection", switched(connection=""), CLOSE, status=101, body="", **ASKED)
GROUP.fault("101 that closes", switched(connection="close"), CLOSE, status=101, body="", **ASKED)
GROUP.fault("101 with a length", switched(fields=f"{ACCEPT}\r\nContent-Length: 14") + BODY, CLOSE, status=101, body=None,
            **ASKED)
GROUP.fault("101 without an accept", switched(fields=""), CLOSE, status=101, body="", **ASKED)
GROUP.fault("101 with another accept", switched(fields="Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA="), CLOSE,
            status=101, body="", **ASKED)
GROUP.fault("101 with a NUL", switched(fields=f"{ACCEPT}\r\nX: a\x00b"), CLOSE, status=101, body="", **ASKED)
GROUP.fault("100 and then 101", "HTTP/1.1 100 Continue\r\n\r\n" + switched(), CLOSE, status=101, body="", **ASKED)
