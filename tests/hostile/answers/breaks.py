"""A hub that breaks off: what came must not look whole, and nobody may wait for ever."""

from .fault import BODY, CLOSE, Group, RESET, SILENCE, answer, chunked

GROUP = Group("Breaking off")
HEAD = answer("Content-Length: 1000", "", length=False)

for name, end in {"closed": CLOSE, "reset": RESET, "silent": SILENCE}.items():
    GROUP.fault(f"nothing, {name}", end, body=None)
    GROUP.fault(f"half a status line, {name}", "HTTP/1.1 20", end, body=None)
    GROUP.fault(f"half a head, {name}", "HTTP/1.1 200 OK\r\nContent-Le", end, body=None)
    GROUP.fault(f"a head without its end, {name}", "HTTP/1.1 200 OK\r\nContent-Length: 14\r\n", end, body=None)
    GROUP.fault(f"a head alone, {name}", HEAD, end, cut=True)
    GROUP.fault(f"half a body, {name}", HEAD + BODY, end, cut=True)
    GROUP.fault(f"half a body in chunks, {name}", chunked(BODY, end=""), end, cut=True)
    GROUP.fault(f"half a body later, {name}", HEAD, 0.2, BODY, 0.2, end, cut=True)
GROUP.fault("a body until the end, reset", answer(length=False), RESET, cut=True)
GROUP.fault("a body until the end, silent", answer(length=False), SILENCE, cut=True)
GROUP.fault("a large body, reset", answer(f"Content-Length: {2**20}", "case0000" * 60_000, length=False), RESET, cut=True)
GROUP.fault("reset before it has read a body", RESET, method="POST", fields="Content-Length: 500000",
            sent="x" * 500_000, body=None)
GROUP.fault("closed before it has read a body", CLOSE, method="POST", fields="Content-Length: 500000",
            sent="x" * 500_000, body=None)
GROUP.control("a byte at a time", *[part for byte in answer(body="all of it") for part in (0.01, byte)], body="all of it")
GROUP.control("close in the head and then", answer("Connection: close"), CLOSE)
GROUP.control("close in the head and silence", answer("Connection: close"), SILENCE)
