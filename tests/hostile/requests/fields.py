"""Header lines: names, values, folds and ends of lines."""

from case import HOST, Group, Meant, get

FIELD = "RFC 9112, section 5: no field line"
COLON = "RFC 9112, section 5.1: a space before the colon is answered with 400"
VALUE = "RFC 9110, section 5.5: a value with NUL, CR or LF"
GROUP = Group("Header lines")

for line in [
    "X", "X y", ": a", ":", "X(: a", "X/Y: a", "\"X\": a", "X@Y: a", "X[0]: a", "{X}: a", "X,Y: a", "X;Y: a",
    "X=Y: a", "X\\Y: a", "X?: a", "X\xe4: a", "X\xc3\xa4: a", "X\x01: a", "X\x7f: a", "X\x00: a", "\x00X: a",
    "\x00", "X Y: a", "<X>: a", "\xef\xbb\xbfX: a",
]:
    GROUP.attack(line, get(line), rule=FIELD)
for line in ["X : a", "X\t: a", "X  : a", "X \t: a", "Cookie : a", "Content-Type : a"]:
    GROUP.attack(line, get(line), rule=COLON)

# Refused, or the byte replaced by a space.
for line in ["X: a\x00b", "X: a\x00", "X: \x00", "X: a\rb", "X: a\rY: b", "X: a\r", "X: a\r\r"]:
    GROUP.attack(line, get(line))
for line in ["X: a\x01b", "X: a\x08b", "X: a\x1b[2Jb", "X: a\x7fb", "X: a\x0bb", "X: a\x0cb"]:
    GROUP.attack(line, get(line))

# A lenient server may take a bare line feed as the end of a line.
for line in ["X: a\nY: b", "X: a\n", "X: y\nX-Forwarded-For: 203.0.113.66", "X: a\n b"]:
    GROUP.attack(line, get(line))
for name, raw in {
    "only bare LF": get().replace("\r\n", "\n"),
    "only bare CR": get().replace("\r\n", "\r"),
    "a bare LF in the last empty line": get()[:-2] + "\n",
    "a bare LF before the last empty line": get()[:-4] + "\n\r\n",
    "a bare LF behind the request line": get().replace("\r\n", "\n", 1),
    "a bare CR in the last empty line": get()[:-2] + "\r\r\n",
    "LF CR": get().replace("\r\n", "\n\r"),
}.items():
    GROUP.attack(name, raw)

# Refused, or the fold replaced by spaces.
for line in ["X: a\r\n b", "X: a\r\n\tb", "X:\r\n a", "X: a\r\n ", "X: a\r\n b\r\n c", "X: a\r\n Y: b",
             "X: a\r\n \r\n b"]:
    GROUP.attack(line, get(line), meant=[Meant()])
for name, line in {"space": " X: a", "tab": "\tX: a", "only a space": " ", "a chain": " a\r\n b\r\n c"}.items():
    GROUP.attack(f"before the first field: {name}",
                 f"GET /case0000 HTTP/1.1\r\n{line}\r\n{HOST}\r\nX-Case: case0000\r\n\r\n", meant=[Meant()])

for nominated in ["X-Hop", "x-hop", "close, X-Hop", "X-Hop, close", ",X-Hop,", "X-Hop\r\nConnection: close"]:
    GROUP.attack(f"Connection: {nominated}", get(f"Connection: {nominated}\r\nX-Hop: y"),
                 meant=[Meant()], never=("x-hop",))
for name in ["Keep-Alive: timeout=5", "Proxy-Connection: keep-alive", "Connection: TE\r\nTE: trailers"]:
    GROUP.attack(name, get(name), meant=[Meant()], never=("te",))

for line, value in {
    "X-Odd:": "", "X-Odd:value": "value", "x-ODD: \t value \t": "value", "X-Odd: a, b; c=\"d e\"": "a, b; c=\"d e\"",
    "X-Odd: a\tb": "a\tb", "X-Odd: \xc3\xa4\xe2\x82\xac": "\xc3\xa4\xe2\x82\xac", "X-Odd: : :": ": :",
    "!#$%&'*+-.^`|~09: x\r\nX-Odd: y": "y", "X-Odd: " + "x" * 4000: "x" * 4000,
}.items():
    GROUP.control(line, get(line), Meant(fields=(("X-Odd", value),)))
GROUP.control("a cookie and a token", get("Cookie: a=b; c=d\r\nAuthorization: Bearer x"),
              Meant(fields=(("Cookie", "a=b; c=d"), ("Authorization", "Bearer x"))))
