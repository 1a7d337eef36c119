"""Chunks (RFC 9112, section 7.1)."""

from .fault import BODY, CLOSE, Group, RESET, answer, chunked

GROUP = Group("Chunks")


def raw(body):
    return answer("Transfer-Encoding: chunked", body, length=False)


GROUP.control("one", chunked(BODY))
GROUP.control("a byte each", chunked(*"a whole body"), body="a whole body")
GROUP.control("in pieces", chunked("case0000")[:-5], 0.1, "6\r\n whole\r\n0\r", 0.1, "\n\r\n")
GROUP.control("an extension", raw(f"e;name=value\r\n{BODY}\r\n0\r\n\r\n"))
GROUP.control("a trailer", chunked(BODY, end="0\r\nX-Sum: 1\r\n\r\n"))
GROUP.control("none", chunked(), body="")
GROUP.control("zeros before the size", raw(f"00000e\r\n{BODY}\r\n0\r\n\r\n"))
# No end can be found any more: the client must not take it for whole.
for size in ["-e", "+e", "0xe", "xyz", "", " ", "e e", "e,", "1" * 17, "fffffffffffffffe", "8000000000000000"]:
    GROUP.fault(f"size {size}", raw(f"{size}\r\n{BODY}\r\n0\r\n\r\n"), CLOSE, cut=True)
for name, body in {
    "a size that ends in LF": f"e\n{BODY}\r\n0\r\n\r\n",
    "a size that ends in CR": f"e\r{BODY}\r\n0\r\n\r\n",
    "a space before the size": f" e\r\n{BODY}\r\n0\r\n\r\n",
    "a space behind the size": f"e \r\n{BODY}\r\n0\r\n\r\n",
    "NUL in an extension": f"e;a=\x00\r\n{BODY}\r\n0\r\n\r\n",
    "a bare LF in an extension": f"e;a=\nb\r\n{BODY}\r\n0\r\n\r\n",
    "a bare CR in an extension": f"e;a=\rb\r\n{BODY}\r\n0\r\n\r\n",
    "an extension of 100 KB": f"e;a={'b' * 100_000}\r\n{BODY}\r\n0\r\n\r\n",
    "a chunk that ends in LF": f"e\r\n{BODY}\n0\r\n\r\n",
    "a last chunk that ends in LF": f"e\r\n{BODY}\r\n0\n\n",
    "a last chunk of many zeros": f"e\r\n{BODY}\r\n{'0' * 1000}\r\n\r\n",
}.items():
    GROUP.fault(name, raw(body), CLOSE)
for name, body in {
    "a chunk longer than its size": f"5\r\n{BODY}\r\n0\r\n\r\n",
    "a chunk shorter than its size": f"ff\r\n{BODY}\r\n0\r\n\r\n",
    "a chunk without its end": f"e\r\n{BODY}0\r\n\r\n",
    "no last chunk": f"e\r\n{BODY}\r\n",
    "cut in a chunk": "ff\r\ncase0000",
    "cut in a size": f"e\r\n{BODY}\r\n1",
    "cut behind the zero": f"e\r\n{BODY}\r\n0",
    "cut behind the last chunk": f"e\r\n{BODY}\r\n0\r\n",
    "cut in a trailer": f"e\r\n{BODY}\r\n0\r\nX-Sum: 1\r\n",
}.items():
    GROUP.fault(name, raw(body), CLOSE, cut=True)
    GROUP.fault(f"{name}, reset", raw(body), RESET, cut=True)
for line in ["X : y", " X: y", "X", ": y", "X: a\x00b", "X: a\rb", "X: a\nb", "X: y\r\n folded"]:
    GROUP.fault(f"trailer {line}", chunked(BODY, end=f"0\r\n{line}\r\n\r\n"), CLOSE)
for line in ["Content-Length: 3", "Transfer-Encoding: chunked", "Set-Cookie: s=case0000", "Connection: close"]:
    GROUP.fault(f"trailer {line}", chunked(BODY, end=f"0\r\n{line}\r\n\r\n"))
GROUP.fault("trailers of 1 MB", chunked(BODY, end="0\r\n" + "X: y\r\n" * 170_000 + "\r\n"), CLOSE)
