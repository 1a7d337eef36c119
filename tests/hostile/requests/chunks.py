"""Chunk framing: sizes, ends of lines, extensions and trailers."""

from case import FORGED, FORGED_ADDRESS, SMUGGLED, Group, Meant, chunked, post

FRAMING = "RFC 9112, section 7.1: no chunked body"
FIELD = "RFC 9112, section 5: no field"
GROUP = Group("Chunks")
CHUNKED = "Transfer-Encoding: chunked"


def attack(name, body, **more):
    GROUP.attack(name, post(CHUNKED, body), **more)


for body in [
    "5\nhello\r\n0\r\n\r\n", "5\r\nhello\n0\r\n\r\n", "5\r\nhello\r0\r\n\r\n", "5\r\nhello0\r\n\r\n",
    "5\r\nhelloo\r\n0\r\n\r\n", "5\r\nhello\r\n\r\n0\r\n\r\n", "5\rhello\r\n0\r\n\r\n",
    "-5\r\nhello\r\n0\r\n\r\n", "+5\r\nhello\r\n0\r\n\r\n", "0x5\r\nhello\r\n0\r\n\r\n",
    "5h\r\nhello\r\n0\r\n\r\n", " 5\r\nhello\r\n0\r\n\r\n", "5 \r\nhello\r\n0\r\n\r\n",
    "\t5\r\nhello\r\n0\r\n\r\n", "5\t\r\nhello\r\n0\r\n\r\n", "5 5\r\nhello\r\n0\r\n\r\n",
    "5_\r\nhello\r\n0\r\n\r\n", "5.\r\nhello\r\n0\r\n\r\n", "5,\r\nhello\r\n0\r\n\r\n",
    "\x005\r\nhello\r\n0\r\n\r\n", "5\x00\r\nhello\r\n0\r\n\r\n", "\xef\xbc\x95\r\nhello\r\n0\r\n\r\n",
    "\r\nhello\r\n0\r\n\r\n", "\r\n\r\n", ";x\r\n\r\n", "x\r\nhello\r\n0\r\n\r\n",
    "5;x\ny\r\nhello\r\n0\r\n\r\n", "5;x\ry\r\nhello\r\n0\r\n\r\n", "5;x\x00y\r\nhello\r\n0\r\n\r\n",
    "5\r\r\nhello\r\n0\r\n\r\n", "5\r\nhello\r\r\n0\r\n\r\n", "0\r\n\n", "0\n\r\n", "0\n\n", "0\r\n\r\r\n",
    "-0\r\n\r\n", "00x\r\n\r\n", "0 \r\n\r\n", "\n0\r\n\r\n",
]:
    attack(body, body, rule=FRAMING)

# Whoever ends a line at another byte finds a request in the body.
for name, end in {"a bare LF ends the extension": "\n", "a bare CR ends the extension": "\r"}.items():
    hidden = f"0\r\n\r\n{SMUGGLED}"
    attack(name, f"2;{end}xx\r\n{len(hidden):x}\r\n{hidden}\r\n0\r\n\r\n", rule=FRAMING)
attack("a chunk is cut before the request in it",
       f"5\r\nhello{len(SMUGGLED):x}\r\n{SMUGGLED}\r\n0\r\n\r\n{SMUGGLED}", rule=FRAMING)
attack("a request behind a last chunk without an end", f"0\r\n{SMUGGLED}", rule="")

# Valid by their grammar, but they cannot be held, and wrap around where integers are short.
for size in [
    "100000005", "7fffffffffffffff", "8000000000000000", "fffffffffffffffb", "ffffffffffffffff",
    "10000000000000005", "fffffffffffffffff", "1" + "0" * 32 + "5",
]:
    attack(f"size {size}", f"{size}\r\nhello\r\n0\r\n\r\n{SMUGGLED}", meant=[])

HELLO = Meant("POST", body="hello")
long = "x" * 100_000
for name, body in {
    "a long extension": f"5;{long}\r\nhello\r\n0\r\n\r\n",
    "a long trailer": f"5\r\nhello\r\n0\r\nX-Long: {long}\r\n\r\n",
    "many trailers": "5\r\nhello\r\n0\r\n" + "X-Many: x\r\n" * 10_000 + "\r\n",
    "a size with many zeros": "0" * 10_000 + "5\r\nhello\r\n0\r\n\r\n",
    "spaces before an extension": "5 \t;x\r\nhello\r\n0\r\n\r\n",
    "a trailer that claims an address": f"5\r\nhello\r\n0\r\nX-Real-IP: {FORGED_ADDRESS}\r\n\r\n",
    "a trailer that claims a way": f"5\r\nhello\r\n0\r\nX-Forwarded-For: {FORGED_ADDRESS}\r\n\r\n",
    "a trailer that claims a user": f"5\r\nhello\r\n0\r\nRemote-User: {FORGED}\r\n\r\n",
    "a trailer that is a length": "5\r\nhello\r\n0\r\nContent-Length: 0\r\n\r\n",
    "a trailer that is a coding": "5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n",
    "a trailer that is a Host": "5\r\nhello\r\n0\r\nHost: other.test\r\n\r\n",
}.items():
    attack(name, body, meant=[HELLO])

for trailer in ["X: a\x00b", "X: a\rb", "X : a", "X", " X: a", ": a"]:
    attack(f"trailer {trailer}", f"5\r\nhello\r\n0\r\n{trailer}\r\n\r\n", rule=FIELD)
attack("trailer in a bare LF", "5\r\nhello\r\n0\r\nX: a\n\r\n", meant=[HELLO])

for name, body in {
    "one": chunked("hello"),
    "two": chunked("h", "ello"),
    "zeros before": "0005\r\nhello\r\n000\r\n\r\n",
    "extensions": "5;name=value;other\r\nhello\r\n0;last\r\n\r\n",
    "a quoted extension": "5;name=\"a b\"\r\nhello\r\n0\r\n\r\n",
    "a trailer": "5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n",
}.items():
    GROUP.control(name, post(CHUNKED, body), HELLO)
GROUP.control("an upper size", post(CHUNKED, "A\r\n0123456789\r\n0\r\n\r\n"), Meant("POST", body="0123456789"))
GROUP.control("in pieces", [post(CHUNKED, "5\r\nhe"), "llo\r", "\n0\r\n\r\n"], HELLO)
