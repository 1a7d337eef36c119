"""Frames, their sizes and their streams (RFC 9113, sections 4 and 6)."""

from case import Meant

from .frame import (
    ACK, CONNECTION, CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, Group, HEADERS, PADDED, PING, PRIORITISED,
    PRIORITY, PUSH_PROMISE, RST_STREAM, STREAM, WINDOW_UPDATE, asked, block, data, frame, get, headers, post, reset,
    window,
)

GROUP = Group("Frames")
GET = Meant()
WHOLE, BOTH = block(asked()), END_STREAM | END_HEADERS

GROUP.control("an unknown frame", frame(0xee, 0xff, 0, b"whatever"), get(), meant=[GET])
GROUP.control("an unknown frame on a stream", frame(0xee, 0, 1, b""), get(), meant=[GET])
GROUP.control("unknown flags", frame(PING, 0xfe, 0, b"12345678"), get(), meant=[GET])
GROUP.control("the reserved bit", frame(PING, 0, 2**31, b"12345678"), get(), meant=[GET])
GROUP.control("padded HEADERS", frame(HEADERS, BOTH | PADDED, 1, b"\x08" + WHOLE + b"\0" * 8), meant=[GET])
GROUP.control("HEADERS with a priority", frame(HEADERS, BOTH | PRIORITISED, 1, b"\0\0\0\0\x10" + WHOLE), meant=[GET])
GROUP.control("HEADERS in three frames", frame(HEADERS, END_STREAM, 1, WHOLE[:9]), frame(CONTINUATION, 0, 1, WHOLE[9:20]),
              frame(CONTINUATION, END_HEADERS, 1, WHOLE[20:]), meant=[GET])
GROUP.control("padded DATA", post(end=False), frame(DATA, END_STREAM | PADDED, 1, b"\x03hello\0\0\0"),
              meant=[Meant("POST", body="hello")])
GROUP.control("PRIORITY before a request", frame(PRIORITY, 0, 1, b"\0\0\0\0\x10"), get(), meant=[GET])

for name, bad in {
    "a PING of 7 bytes": frame(PING, 0, 0, b"1234567"),
    "a PING of 9 bytes": frame(PING, 0, 0, b"123456789"),
    "a PING on a stream": frame(PING, 0, 1, b"12345678"),
    "a GOAWAY on a stream": frame(GOAWAY, 0, 1, b"\0" * 8),
    "a WINDOW_UPDATE of 3 bytes": frame(WINDOW_UPDATE, 0, 0, b"\0\0\1"),
    "a WINDOW_UPDATE of 5 bytes": frame(WINDOW_UPDATE, 0, 0, b"\0\0\0\0\1"),
    "a WINDOW_UPDATE of 0": window(0),
    "a window over 2^31-1": window(2**31 - 1),
    "RST_STREAM on stream 0": reset(0),
    "RST_STREAM on an idle stream": reset(1),
    "RST_STREAM of 3 bytes": get() + frame(RST_STREAM, 0, 1, b"\0\0\0"),
    "PRIORITY on stream 0": frame(PRIORITY, 0, 0, b"\0\0\0\0\x10"),
    "DATA on stream 0": data("x", 0),
    "DATA on an idle stream": data("x", 1),
    "HEADERS on stream 0": headers(stream=0),
    "CONTINUATION on stream 0": frame(CONTINUATION, END_HEADERS, 0, WHOLE),
    "CONTINUATION of nothing": frame(CONTINUATION, END_HEADERS, 1, WHOLE),
    "CONTINUATION after the end": get() + frame(CONTINUATION, END_HEADERS, 1, block([("x", "y")])),
    "CONTINUATION of another stream": frame(HEADERS, END_STREAM, 1, WHOLE) + frame(CONTINUATION, END_HEADERS, 3, b""),
    "PING within HEADERS": frame(HEADERS, END_STREAM, 1, WHOLE[:9]) + frame(PING, 0, 0, b"12345678")
        + frame(CONTINUATION, END_HEADERS, 1, WHOLE[9:]),
    "an unknown frame within HEADERS": frame(HEADERS, END_STREAM, 1, WHOLE[:9]) + frame(0xee, 0, 1, b"")
        + frame(CONTINUATION, END_HEADERS, 1, WHOLE[9:]),
    "DATA within HEADERS": frame(HEADERS, 0, 1, WHOLE) + data("x"),
    "HEADERS within HEADERS": frame(HEADERS, END_STREAM, 1, WHOLE) + get(3),
    "PUSH_PROMISE from a client": frame(PUSH_PROMISE, END_HEADERS, 1, b"\0\0\0\2" + WHOLE),
    "HEADERS, all padding": frame(HEADERS, BOTH | PADDED, 1, bytes([len(WHOLE) + 1]) + WHOLE),
    "HEADERS, padding over its length": frame(HEADERS, BOTH | PADDED, 1, b"\xff" + WHOLE[:100]),
    "HEADERS, padded and empty": frame(HEADERS, BOTH | PADDED, 1, b""),
    "HEADERS, half a priority": frame(HEADERS, BOTH | PRIORITISED, 1, b"\0\0"),
    "DATA, padding over its length": post(end=False) + frame(DATA, END_STREAM | PADDED, 1, b"\x09hello"),
    "DATA, padded and empty": post(end=False) + frame(DATA, END_STREAM | PADDED, 1, b""),
    "HEADERS of 16,385 bytes": headers(asked(more=[("x", "y" * 16385)])),
    "DATA of 16,385 bytes": post("x" * 16385),
    "a PING of 16,385 bytes": frame(PING, 0, 0, b"x" * 16385),
    "a frame of 16 MB announced": get() + frame(DATA, 0, 1, b"x", length=2**24 - 1),
}.items():
    GROUP.attack(name, bad, get(5), error=CONNECTION)
for name, bad in {
    "PRIORITY of 4 bytes": frame(PRIORITY, 0, 1, b"\0\0\0\0"),
    "a WINDOW_UPDATE of 0 on a stream": post(end=False) + window(0, 1),
    "a stream's window over 2^31-1": post(end=False) + window(2**31 - 1, 1),
}.items():
    GROUP.attack(name, bad, error=STREAM)
GROUP.attack("a stream that depends on itself", frame(HEADERS, BOTH | PRIORITISED, 1, b"\0\0\0\1\x10" + WHOLE))
GROUP.attack("an ACK of a PING that was not sent", frame(PING, ACK, 0, b"12345678"), get())
GROUP.attack("a GOAWAY and then a request", frame(GOAWAY, 0, 0, b"\0" * 8), get())
GROUP.attack("a window of 1 byte", window(1), window(1, 0), get())
GROUP.attack("a frame that ends with the connection", get()[:-3])
