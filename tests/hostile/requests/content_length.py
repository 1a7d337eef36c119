"""Content-Length: digits, once, and no other reading."""

from case import SMUGGLED, Group, Meant, get, post

INVALID = "RFC 9112, section 6.3: an invalid Content-Length is answered with 400"
GROUP = Group("Content-Length")

# The first five bytes of the body are `GET /`: whoever reads no length reads a request.
for length in [
    "+5", "-5", "-0", "0x5", "5 5", "5;", "5;x=y", "5.0", "5e0", "5_0", "1_0", "\"5\"", "'5'", "",
    "five", "\xef\xbc\x95", "\xb2", "\x0b5", "\x0c5", "5\x0c", "5\x00", "\x005", "5\x0b", "5\xa0",
    "\xa05", "5, 6", "5,", ",5", "5,,5", "5, +5", "0, 5", "5\\r", "5#", "5/1", "(5)", "5 (bytes)",
]:
    GROUP.attack(length, post(f"Content-Length: {length}", SMUGGLED), rule=INVALID)

# Valid by its grammar, but it cannot be held, and wraps around where integers are short.
for length in [
    "4294967301", "9223372036854775807", "9223372036854775808", "18446744073709551615",
    "18446744073709551616", "18446744073709551621", "9" * 40, "1" + "0" * 400,
]:
    GROUP.attack(length, post(f"Content-Length: {length}", SMUGGLED), meant=[])

FIVE = [Meant("POST", body=SMUGGLED[:5])]
for name, fields in {
    "5, 5": "Content-Length: 5, 5",
    "5 twice": "Content-Length: 5\r\nContent-Length: 5",
    "5 and then 05": "Content-Length: 5\r\nContent-Length: 05",
    "leading zeros": "Content-Length: " + "0" * 40 + "5",
    "named by Connection": "Connection: content-length\r\nContent-Length: 5",
}.items():
    GROUP.attack(name, post(fields, SMUGGLED), meant=FIVE)

for first, second in [("5", "0"), ("0", "5"), ("5", ""), ("5", "6"), ("5", "+5")]:
    fields = f"Content-Length: {first}\r\ncontent-length: {second}"
    GROUP.attack(f"{first} and then {second}", post(fields, SMUGGLED), rule=INVALID)

for name, fields in {
    "space before the colon": "Content-Length : 5",
    "tab before the colon": "Content-Length\t: 5",
    "NUL in the name": "Content-Length\x00: 5",
    "no colon": "Content-Length 5",
    "behind a bare CR": "X: y\rContent-Length: 5",
}.items():
    GROUP.attack(name, post(fields, SMUGGLED), rule="RFC 9112, section 5.1 and 2.2")

GROUP.attack("folded", post("Content-Length:\r\n 5", SMUGGLED), meant=FIVE)
GROUP.attack("as the fold of another", post("X: y\r\n Content-Length: 5"),
             meant=[Meant("POST")])
GROUP.attack("with an underscore", post("Content_Length: 5", "hello"), meant=[Meant("POST")])

HELLO = Meant("POST", body="hello")
for name, fields in {
    "plain": "Content-Length: 5",
    "in any case": "content-LENGTH:5",
    "with spaces": "Content-Length: \t 5 \t",
    "with zeros before": "Content-Length: 005",
}.items():
    GROUP.control(name, post(fields, "hello"), HELLO)
GROUP.control("0", post("Content-Length: 0"), Meant("POST"))
GROUP.control("of a GET", get("Content-Length: 5") + "hello", Meant(body="hello"))
