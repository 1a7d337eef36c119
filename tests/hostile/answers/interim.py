"""Interim answers (RFC 9110, section 15.2)."""

from .fault import CLOSE, Group, SILENCE, answer

GROUP = Group("Interim answers")
CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n"

GROUP.control("100", CONTINUE + answer())
GROUP.control("103", "HTTP/1.1 103 Early Hints\r\nLink: </x.css>; rel=preload\r\n\r\n" + answer())
GROUP.control("102, then later the answer", "HTTP/1.1 102 Processing\r\n\r\n", 0.2, answer())
GROUP.fault("100 ten thousand times", CONTINUE * 10_000 + answer())
GROUP.fault("100 without end", CONTINUE * 10_000, CLOSE, body=None)
GROUP.fault("100 and nothing", CONTINUE, CLOSE, body=None)
GROUP.fault("100 and silence", CONTINUE, SILENCE, body=None)
GROUP.fault("100 with a length", "HTTP/1.1 100 Continue\r\nContent-Length: 14\r\n\r\n" + answer())
GROUP.fault("100 with a length and a body", "HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\nhello" + answer(), CLOSE,
            body=None)
GROUP.fault("100 in chunks", "HTTP/1.1 100 Continue\r\nTransfer-Encoding: chunked\r\n\r\n" + answer())
GROUP.fault("103 with a bare CR", "HTTP/1.1 103 Early Hints\r\nX: a\rSet-Cookie: s\r\n\r\n" + answer(), CLOSE)
GROUP.fault("103 with a NUL", "HTTP/1.1 103 Early Hints\r\nX: a\x00\r\n\r\n" + answer(), CLOSE)
GROUP.fault("199", "HTTP/1.1 199 Odd\r\n\r\n" + answer(), CLOSE)
GROUP.fault("100 of HTTP/1.0", "HTTP/1.0 100 Continue\r\n\r\n" + answer(), CLOSE)
GROUP.fault("100 behind the answer", answer() + CONTINUE)
