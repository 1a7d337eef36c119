"""Messages (RFC 9113, section 8.1): where a body ends, and what may follow."""

from case import Meant

from .frame import END_HEADERS, END_STREAM, Group, STREAM, asked, data, get, headers, post

GROUP = Group("Messages")

GROUP.control("a length that is right", post("hello", more=[("content-length", "5")]), meant=[Meant("POST", body="hello")])
GROUP.control("a length of 0", get(more=[("content-length", "0")]), meant=[Meant()])
GROUP.control("trailers", post("hello", end=False), headers([("x-sum", "1")]), meant=[Meant("POST", body="hello")])
for length, body in {"4": "hello", "6": "hello", "0": "hello", "5": "", "": "hello", "-5": "hello", "+5": "hello",
                     "5, 5": "hello", "0x5": "hello", "5 5": "hello", "5\r\nX: y": "hello", "99999999999999999999": "hello",
                     "five": "hello"}.items():
    GROUP.attack(f"content-length {length} of {len(body)} bytes", post(body, more=[("content-length", length)]),
                 error=STREAM)
GROUP.attack("content-length 5 and no body", get(more=[("content-length", "5")]), error=STREAM)
GROUP.attack("content-length 5 and 6", post("hello", more=[("content-length", "5"), ("content-length", "6")]),
             error=STREAM)
GROUP.attack("content-length 5 twice", post("hello", more=[("content-length", "5"), ("content-length", "5")]))
GROUP.attack("content-length 4, an end in time", post("hell", "o", more=[("content-length", "4")]), error=STREAM)
GROUP.attack("trailers without END_STREAM", post("hello", end=False), headers([("x-sum", "1")], flags=END_HEADERS),
             error=STREAM)
for name, fields in {
    "a pseudo field": [(":path", "/case0000")],
    "a status": [(":status", "200")],
    "capitals": [("X-Sum", "1")],
    "a line feed": [("x-sum", "1\nx: y")],
    "NUL": [("x-sum", "\0")],
}.items():
    GROUP.attack(f"trailers with {name}", post("hello", end=False), headers(fields), error=STREAM)
GROUP.attack("trailers with a length", post("hello", end=False), headers([("content-length", "3")]))
GROUP.attack("trailers with a coding", post("hello", end=False), headers([("transfer-encoding", "chunked")]))
GROUP.attack("trailers with a claim", post("hello", end=False), headers([("x-forwarded-for", "203.0.113.66")]))
GROUP.attack("a body of GET", headers(asked(), flags=END_HEADERS), data("hello"))
GROUP.attack("CONNECT", headers([(":method", "CONNECT"), (":authority", "home.test:22"), ("x-case", "case0000")]))
GROUP.attack("CONNECT with a path", headers(asked(method="CONNECT")), error=STREAM)
GROUP.attack("CONNECT that stays", headers([(":method", "CONNECT"), (":authority", "home.test:22"), ("x-case", "case0000")],
                                           flags=END_HEADERS), data("hello", flags=0))
for protocol in ("websocket", "h2c", "connect-udp", "", "web\r\nsocket"):
    GROUP.attack(f"CONNECT of {protocol}", headers(asked(method="CONNECT", first=[(":protocol", protocol)]),
                                                   flags=END_HEADERS), error=STREAM)
GROUP.attack(":protocol with GET", headers(asked(first=[(":protocol", "websocket")])), error=STREAM)
