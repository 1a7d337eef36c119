"""Transfer-Encoding: `chunked` and nothing else, or no body can be told from a request."""

from case import HOST, Group, Meant, chunked, get, post

INVALID = "RFC 9112, section 6.3: a Transfer-Encoding that does not end in chunked is answered with 400"
UNKNOWN = "RFC 9112, section 6.1: a coding that is not understood is answered with 501"
PARAMETER = "RFC 9112, section 7: parameters of chunked are an error"
TWICE = "RFC 9112, section 6.1: chunked is applied once"
OLD = "RFC 9112, section 6.1: Transfer-Encoding in HTTP/1.0 is faulty framing"
GROUP = Group("Transfer-Encoding")
BODY = chunked("hello")

for coding in [
    "chunked, identity", "chunked, gzip", "identity", "gzip", "xchunked", "chunkedx", "chunk", "chunked-",
    "\"chunked\"", "'chunked'", "chun ked", "chunked\x0c", "\x0cchunked", "\x0bchunked", "\xa0chunked",
    "chunked\xa0", "chunked\x00", "\x00chunked", "", "chunked;", "x chunked", "chunked x", "[chunked]",
    "chunked\\", "ch\xfcnked", "chunKed\xe2\x84\xaa", "\xe2\x84\xaa",
]:
    GROUP.attack(coding, post(f"Transfer-Encoding: {coding}", BODY), rule=INVALID)
for coding in ["identity, chunked", "x, chunked", "cow, chunked"]:
    GROUP.attack(coding, post(f"Transfer-Encoding: {coding}", BODY), rule=UNKNOWN)
for coding in ["chunked;q=1", "chunked; x=y", "chunked ;q=1"]:
    GROUP.attack(coding, post(f"Transfer-Encoding: {coding}", BODY), rule=PARAMETER)
for name, fields in {
    "chunked, chunked": "Transfer-Encoding: chunked, chunked",
    "chunked in two fields": "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
}.items():
    GROUP.attack(name, post(fields, BODY), rule=TWICE)
for first, second in [("chunked", "identity"), ("chunked", "x"), ("chunked", "gzip")]:
    fields = f"Transfer-Encoding: {first}\r\ntransfer-encoding: {second}"
    GROUP.attack(f"{first} and then {second}", post(fields, BODY), rule=INVALID)
fields = "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked"
GROUP.attack("identity and then chunked", post(fields, BODY), rule=UNKNOWN)

HELLO = [Meant("POST", body="hello")]
for coding in ["chunked,", ",chunked", ", ,chunked , ,"]:
    GROUP.attack(coding, post(f"Transfer-Encoding: {coding}", BODY), meant=HELLO)
GROUP.attack("folded", post("Transfer-Encoding:\r\n chunked", BODY), meant=HELLO)
GROUP.attack("named by Connection",
             post("Connection: transfer-encoding\r\nTransfer-Encoding: chunked", BODY), meant=HELLO)

for name, fields in {
    "space before the colon": "Transfer-Encoding : chunked",
    "tab before the colon": "Transfer-Encoding\t: chunked",
    "NUL in the name": "Transfer-Encoding\x00: chunked",
    "space in the name": "Transfer Encoding: chunked",
    "behind a bare CR": "X: y\rTransfer-Encoding: chunked",
}.items():
    GROUP.attack(name, post(fields, BODY), rule="RFC 9112, section 5.1 and 2.2")
GROUP.attack("in the first line after a space",
             f"POST /case0000 HTTP/1.1\r\n Transfer-Encoding: chunked\r\n{HOST}\r\nX-Case: case0000\r\n\r\n",
             meant=[Meant("POST")])
GROUP.attack("as the fold of another", post("X: y\r\n Transfer-Encoding: chunked"),
             meant=[Meant("POST")])
GROUP.attack("with an underscore", post("Transfer_Encoding: chunked"), meant=[Meant("POST")])

GROUP.attack("in HTTP/1.0", post("Transfer-Encoding: chunked", BODY, version="HTTP/1.0"), rule=OLD)
GROUP.attack("in HTTP/1.0 that is kept alive",
             post("Connection: keep-alive\r\nTransfer-Encoding: chunked", BODY, version="HTTP/1.0"),
             rule=OLD)
GROUP.attack("identity in HTTP/1.0",
             post("Transfer-Encoding: identity", version="HTTP/1.0"), rule=OLD)

for name, field in {
    "plain": "Transfer-Encoding: chunked",
    "in any case": "transfer-encoding:Chunked",
    "with tabs": "TRANSFER-ENCODING: \t CHUNKED\t ",
}.items():
    GROUP.control(name, post(field, BODY), HELLO[0])
GROUP.control("of a GET", get("Transfer-Encoding: chunked") + BODY, Meant(body="hello"))
GROUP.control("without a chunk", post("Transfer-Encoding: chunked", chunked()), Meant("POST"))
