"""Compression of fields (RFC 9113, section 4.3, and RFC 7541): all errors are the connection's."""

from case import Meant

from .frame import CONNECTION, Group, asked, block, get, headers, number, text

GROUP = Group("HPACK")
GET = Meant()
# :method GET, :scheme https by the static table.
INDEXED = b"\x82\x87"

GROUP.control("the static table", headers([(":authority", "home.test"), (":path", "/case0000"), ("x-case", "case0000")],
                                          before=INDEXED), meant=[GET])
GROUP.control("a smaller table", headers(before=b"\x20"), meant=[GET])
GROUP.control("a table smaller and larger", headers(before=b"\x20\x3f\xe1\x1f"), meant=[GET])
GROUP.control("a field that is never indexed", headers(after=b"\x10" + text("x") + text("y")), meant=[GET])
GROUP.control("a field by the dynamic table", headers(after=b"\x40" + text("x") + text("y") + b"\xbe"), meant=[GET])
for name, bad in {
    "index 0": b"\x80",
    "index 62 of an empty table": b"\xbe",
    "index 2^28": number(2**28, 7, 0x80),
    "an index without end": b"\xff" + b"\xff" * 20,
    "an index that overflows": b"\xff" + b"\xff" * 9 + b"\x7f",
    "a name's index beyond the table": b"\x7f\xff\x0f" + text("y"),
    "a larger table than allowed": number(2**20, 5, 0x20),
    "a table size behind a field": b"\x20",
    "half a name": b"\x00\x05na",
    "half a value": b"\x00" + text("x") + b"\x05va",
    "a length of 2^31": b"\x00\x7f\x80\x80\x80\x80\x08x",
    "a length without end": b"\x00\x7f" + b"\xff" * 20,
    "no value": b"\x00" + text("x"),
    "Huffman: a padding of zeros": b"\x00" + text("x") + b"\x81\x00",
    "Huffman: a padding of 8 bits": b"\x00" + text("x") + b"\x82\x1f\xff",
    "Huffman: EOS": b"\x00" + text("x") + b"\x84\xff\xff\xff\xff",
}.items():
    GROUP.attack(name, headers(after=bad), get(3), error=CONNECTION)
GROUP.attack("a bomb by the dynamic table", headers(after=b"\x40" + text("x") + text("y" * 4000) + b"\xbe" * 4000))
GROUP.attack("10,000 fields", headers(asked(more=[("a", "b")] * 2000)))
GROUP.attack("a cookie in 2,000 crumbs", headers(asked(more=[("cookie", "a=b")] * 1500)))
GROUP.attack("an empty block", headers([]))
GROUP.attack("a block cut in a field", headers(block and asked()[:3], after=b"\x00\x05:pa"), error=CONNECTION)
