"""Header lines (RFC 9112, section 5, and RFC 9110, section 5)."""

from .fault import CLOSE, Group, answer

GROUP = Group("Header lines")

for line in ["X: y", "X:y", "X:", "X: \tspaces \t", "X: Gr\xfc\xdfe", "x-lower: case", "X!#$%&'*+-.^_`|~: token"]:
    GROUP.control(line, answer(line))
for line in [
    "X : y", "X\t: y", " X: y", "\tX: y", "X", ": y", "X\x00: y", "X: a\x00b", "X: a\rb", "X: a\nb", "X\r: y",
    "X: a\r\rSet-Cookie: s=case0000", "X: a\nSet-Cookie: s=case0000", "X: y\r\n folded", "X: y\r\n\tSet-Cookie: s=case0000",
    "X: y\r\n ", "Two words: y", "X(: y", "X\": y", "X\xfc: y", "X\x7f: y", "X: \x7f", "X: \x01", "X: \x0b",
    "Location: /a\r\n\r\n<html>", "Set-Cookie: a=b\rSet-Cookie: c=d",
]:
    GROUP.fault(line, answer(line), CLOSE, body=None)
GROUP.fault("lines end in LF", answer("X: y").replace("\r\n", "\n"), CLOSE)
GROUP.fault("lines end in CR", answer("X: y").replace("\r\n", "\r"), CLOSE, body=None)
GROUP.fault("the head ends in LF", "HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\ncase0000 whole", CLOSE)
GROUP.fault("5,000 fields", answer("\r\n".join(f"X-{number}: y" for number in range(5000))), CLOSE)
GROUP.fault("a field of 300 KB", answer("X: " + "y" * 300_000), CLOSE)
GROUP.fault("a head of 4 MB", answer("\r\n".join("X: " + "y" * 8000 for _ in range(500))), CLOSE)
GROUP.fault("a name of 100 KB", answer("X" * 100_000 + ": y"), CLOSE)
GROUP.fault("a head that never ends", "HTTP/1.1 200 OK\r\n" + "X: y\r\n" * 100_000, CLOSE, body=None)
