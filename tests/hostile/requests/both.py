"""Transfer-Encoding with Content-Length: two framings, of which one hides a request.

RFC 9112, section 6.3: refuse it, or read the chunks, drop the length and close.
"""

from case import HOST, SMUGGLED, Group, post

GROUP = Group("Both framings")
RULE = "RFC 9112, section 6.3: both fields, one of them invalid"

# By the length all of it is a body; by the chunks the second request is one.
HIDDEN_FROM_CHUNKS = "0\r\n\r\n" + SMUGGLED
# By the chunks all of it is a body; by the length the second request is one.
HIDDEN_FROM_LENGTH = f"{len(SMUGGLED):x}\r\n{SMUGGLED}\r\n0\r\n\r\n"
FIRST_LINE = len(f"{len(SMUGGLED):x}\r\n")


def add(name, coding, rule="", version="HTTP/1.1"):
    """`coding` is the lines that say chunked, or seem to."""
    both = {
        "length before": (f"Content-Length: {len(HIDDEN_FROM_CHUNKS)}\r\n{coding}", HIDDEN_FROM_CHUNKS),
        "length after": (f"{coding}\r\nContent-Length: {len(HIDDEN_FROM_CHUNKS)}", HIDDEN_FROM_CHUNKS),
        "short length": (f"Content-Length: {FIRST_LINE}\r\n{coding}", HIDDEN_FROM_LENGTH),
    }
    for kind, (fields, body) in both.items():
        GROUP.attack(f"{name}, {kind}", post(fields, body, version=version), rule=rule)


add("chunked", "Transfer-Encoding: chunked")
add("in HTTP/1.0", "Transfer-Encoding: chunked", RULE, "HTTP/1.0")
for coding in ["identity", "xchunked", "chunked, identity", "chunked;q=1", "\x0bchunked", "\"chunked\"",
               "chunked\x00", ""]:
    add(coding or "nothing", f"Transfer-Encoding: {coding}", RULE)
for name, coding in {
    "space before the colon": "Transfer-Encoding : chunked",
    "behind a bare CR": "X: y\rTransfer-Encoding: chunked",
    "no colon": "Transfer-Encoding chunked",
    "NUL in the name": "Transfer-Encoding\x00: chunked",
}.items():
    add(name, coding, RULE)
add("folded", "Transfer-Encoding:\r\n chunked")
add("a trailing comma", "Transfer-Encoding: chunked,")
add("behind a bare LF", "X: y\nTransfer-Encoding: chunked")
add("two lengths", "Content-Length: 3\r\nTransfer-Encoding: chunked", RULE)

GROUP.attack("0 and chunked", post("Content-Length: 0\r\nTransfer-Encoding: chunked", HIDDEN_FROM_LENGTH))
GROUP.attack("chunked in the first line after a space",
             f"POST /case0000 HTTP/1.1\r\n Transfer-Encoding: chunked\r\n{HOST}\r\nX-Case: case0000\r\n"
             f"Content-Length: {len(HIDDEN_FROM_CHUNKS)}\r\n\r\n{HIDDEN_FROM_CHUNKS}")
