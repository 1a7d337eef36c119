"""Streams (RFC 9113, section 5)."""

from case import Meant

from .frame import (
    CONNECTION, END_HEADERS, END_STREAM, Group, STREAM, asked, data, get, headers, post, reset, window,
)

GROUP = Group("Streams")
GET = Meant()

GROUP.control("three requests", get(), get(3), get(5), meant=[GET] * 3, streams=(1, 3, 5))
GROUP.control("streams left out", get(1), get(101), meant=[GET] * 2, streams=(1, 101))
GROUP.control("a body in three frames", post("he", "", "llo"), meant=[Meant("POST", body="hello")])
GROUP.control("WINDOW_UPDATE on a stream that has ended", get(), window(1, 1), meant=[GET])
GROUP.attack("RST_STREAM on a stream that has ended", get(), get(3), reset(3), meant=[GET, GET])
for name, bad in {
    "an even stream": get(2),
    "a lower stream": get(5) + get(3),
    "the same stream again": get(1) + get(1),
    "a stream over 2^31": headers(stream=2**31 + 1) + get(1),
    "WINDOW_UPDATE on an idle stream": window(1, 1),
    "HEADERS after RST_STREAM, lower": get(5) + reset(5) + get(1),
}.items():
    GROUP.attack(name, bad, error="" if "2^31" in name else CONNECTION)
for name, bad in {
    "DATA after the end": get() + data("x"),
    "HEADERS after the end": get() + headers([("x", "y")]),
    "DATA after RST_STREAM": post("x", end=False) + reset(1) + data("more"),
    "DATA after the body's end": post("x") + data("more"),
}.items():
    GROUP.attack(name, bad, error="" if "RST" in name else STREAM)
GROUP.attack("a stream that is reset at once", get() + reset(1))
GROUP.attack("200 streams at once", *[get(number) for number in range(1, 401, 2)], meant=[GET] * 200)
GROUP.attack("200 bodies at once that never end", *[post(stream=number) for number in range(1, 401, 2)])
GROUP.attack("HEADERS again without END_STREAM", headers(flags=END_HEADERS), headers(asked(), flags=END_HEADERS),
             error=STREAM)
GROUP.attack("DATA over the window of the stream", post(*["x" * 16384] * 100, end=False), data("", flags=END_STREAM))
