"""Content-Length (RFC 9112, section 6.3)."""

from .fault import BODY, CLOSE, Group, STRAY, answer

GROUP = Group("Content-Length")
RULE = "RFC 9112, section 6.3: a length that is none has to be answered with 502"

GROUP.control("its length", answer())
GROUP.control("nothing", answer(body=""), body="")
GROUP.control("zeros before it", answer("Content-Length: 00014", length=False))
GROUP.control("until it closes", answer(length=False), CLOSE)
GROUP.control("1 MB", answer(body="case0000" * 131_072), body="case0000" * 131_072)
for length in ["-14", "+14", "0x0e", "1e1", "14.0", "14 14", "fourteen", "", "14;", "1 4", "\x0b14", "14\x00",
               "18446744073709551630", "9" * 40, "14, 15", "15, 14", ",14", "14,"]:
    GROUP.fault(length, answer(f"Content-Length: {length}", length=False), CLOSE,
                rule="" if length in (",14", "14,") else RULE)
GROUP.fault("the same as a list", answer("Content-Length: 14, 14", length=False), CLOSE)
GROUP.fault("the same in two fields", answer("Content-Length: 14"), CLOSE)
GROUP.fault("two fields that differ", answer("Content-Length: 5"), CLOSE, rule=RULE)
GROUP.fault("two fields, the second is none", answer("Content-Length: x"), CLOSE, rule=RULE)
GROUP.fault("a name in two spellings", answer("content-length: 5"), CLOSE, rule=RULE)
for missing in (1, 1000, 2**40):
    GROUP.fault(f"{missing} bytes less than it says", answer(f"Content-Length: {len(BODY) + missing}", length=False),
                CLOSE, cut=True)
GROUP.fault("more bytes than it says", answer("Content-Length: 8", length=False), body="case0000")
GROUP.fault("a second answer behind it", answer() + STRAY)
GROUP.fault("a second answer behind it, later", answer(), 0.2, STRAY)
GROUP.fault("a second answer behind nothing", answer(body="") + STRAY, body="")
GROUP.fault("a second answer a byte too early", answer("Content-Length: 13", length=False) + STRAY, body="case0000 whol")
