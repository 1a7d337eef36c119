"""Transfer-Encoding (RFC 9112, sections 6.1 and 6.3)."""

from .fault import BODY, CLOSE, Group, STRAY, answer, chunked

GROUP = Group("Transfer-Encoding")
CHUNKS = f"e\r\n{BODY}\r\n0\r\n\r\n"
FINAL = "RFC 9112, section 6.3: not chunked at last, so the answer ends with its connection"


def coded(coding, body=CHUNKS, line="HTTP/1.1 200 OK", more=""):
    return answer(f"Transfer-Encoding: {coding}{more}", body, line, length=False)


GROUP.control("chunked", coded("chunked"))
GROUP.control("CHUNKED", coded("CHUNKED"))
# The raw bytes up to the end of the connection may be the body.
for coding in ["identity", "gzip", "xchunked", "chunked, identity", "chunked;q=1", "\"chunked\"", "\x0bchunked",
               "chunked\x00", "cow", ""]:
    GROUP.fault(coding, coded(coding), CLOSE, body=CHUNKS)
GROUP.fault("gzip, chunked", coded("gzip, chunked"), CLOSE)
GROUP.fault("chunked, chunked", coded("chunked, chunked"), CLOSE, body=None)
GROUP.fault("chunked in two fields", coded("chunked", more="\r\nTransfer-Encoding: chunked"), CLOSE, body=None)
GROUP.fault("chunked, then identity in a field", coded("chunked", more="\r\nTransfer-Encoding: identity"), CLOSE,
            body=None)
GROUP.fault("chunked,", coded("chunked,"), CLOSE)
GROUP.fault("chunked in HTTP/1.0", coded("chunked", line="HTTP/1.0 200 OK"), CLOSE, body=None)
GROUP.fault("chunked in HTTP/1.0 that stays open", coded("chunked", line="HTTP/1.0 200 OK", more="\r\nConnection: keep-alive"),
            body=None)
GROUP.fault("folded", coded("\r\n chunked"), CLOSE, body=None)
GROUP.fault("space before the colon", answer("Transfer-Encoding : chunked", CHUNKS, length=False), CLOSE, body=None)
# Either is the framing; both told to the client are two.
for length in (0, 5, len(CHUNKS), 1000):
    GROUP.fault(f"chunked and a length of {length}", coded("chunked", more=f"\r\nContent-Length: {length}"), CLOSE)
    GROUP.fault(f"a length of {length} and chunked", answer(f"Content-Length: {length}\r\nTransfer-Encoding: chunked",
                                                             CHUNKS, length=False), CLOSE)
GROUP.fault("chunked, a length and a second answer", coded("chunked", CHUNKS + STRAY, more="\r\nContent-Length: 5"))
GROUP.fault("chunked and a length that is none", coded("chunked", more="\r\nContent-Length: x"), CLOSE, body=None)
GROUP.fault("chunks that are not announced", answer(body=CHUNKS, length=False), CLOSE, body=CHUNKS)
GROUP.fault("announced and not chunked", coded("chunked", BODY), CLOSE, cut=True)
GROUP.fault("a second answer behind the last chunk", chunked(BODY) + STRAY)
