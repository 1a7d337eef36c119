"""The preface and SETTINGS (RFC 9113, sections 3.4, 6.5 and 6.9.2)."""

from case import Meant

from .frame import (
    ACK, CONNECTION, PING, PREFACE, SETTINGS, Group, frame, get, setting, settings,
)

GROUP = Group("Preface and SETTINGS")
GET = Meant()

GROUP.control("the plainest request", get(), meant=[GET])
GROUP.control("SETTINGS twice", settings(), settings((3, 7)), get(), meant=[GET])
GROUP.control("an unknown setting", settings((0xff, 1)), get(), meant=[GET])
GROUP.control("a frame size of 16,777,215", settings((5, 2**24 - 1)), get(), meant=[GET])
GROUP.control("an empty window for answers, then one", settings((4, 0)), settings((4, 65535)), get(), meant=[GET])
for name, raw in {
    "another preface": PREFACE.replace(b"SM", b"MS") + settings(),
    "half a preface, then frames": PREFACE[:12] + settings() + get(),
    "HTTP/1.1 after h2 was agreed on": b"GET /case0000 HTTP/1.1\r\nHost: home.test\r\nX-Case: case0000\r\n\r\n",
    "no SETTINGS": PREFACE + get(),
    "PING before SETTINGS": PREFACE + frame(PING, 0, 0, b"12345678") + settings() + get(),
    "an ACK before SETTINGS": PREFACE + settings(flags=ACK) + get(),
    "the preface twice": PREFACE + settings() + PREFACE + settings() + get(),
}.items():
    GROUP.attack(name, raw, bare=True, error=CONNECTION)
for name, bad in {
    "ACK with a payload": settings((3, 1), flags=ACK),
    "on a stream": settings(stream=1),
    "a length of 5": frame(SETTINGS, 0, 0, setting(3, 1)[:5]),
    "a length of 7": frame(SETTINGS, 0, 0, setting(3, 1) + b"x"),
    "ENABLE_PUSH 2": settings((2, 2)),
    "INITIAL_WINDOW_SIZE 2^31": settings((4, 2**31)),
    "MAX_FRAME_SIZE 16,383": settings((5, 16383)),
    "MAX_FRAME_SIZE 2^24": settings((5, 2**24)),
    "MAX_FRAME_SIZE 0": settings((5, 0)),
}.items():
    GROUP.attack(name, bad, get(), error=CONNECTION)
GROUP.attack("ACK that nobody asked for", settings(flags=ACK), settings(flags=ACK), get())
GROUP.attack("a thousand settings", settings(*[(0xf0 + n % 16, n) for n in range(1000)]), get())
GROUP.attack("ENABLE_CONNECT_PROTOCOL from a client", settings((8, 1)), get())
GROUP.attack("MAX_CONCURRENT_STREAMS 0", settings((3, 0)), get())
GROUP.attack("MAX_HEADER_LIST_SIZE 0", settings((6, 0)), get())
