"""Answers that have no body, with one (RFC 9112, section 6.3, and RFC 9110, section 6.4.1)."""

from .fault import BODY, CLOSE, Group, STRAY, answer, chunked

GROUP = Group("No body")

GROUP.control("HEAD, with the length", answer(body="", fields="Content-Length: 14", length=False), method="HEAD", body="")
GROUP.control("HEAD, chunked", answer("Transfer-Encoding: chunked", "", length=False), method="HEAD", body="")
GROUP.control("204", "HTTP/1.1 204 No Content\r\n\r\n", status=204, body="")
GROUP.control("304 with a length", answer("Content-Length: 14", "", "HTTP/1.1 304 Not Modified", length=False),
              status=304, body="", fields='If-None-Match: "x"')
GROUP.fault("HEAD with a body", answer(), method="HEAD", body="")
GROUP.fault("HEAD with a body, later", answer(body="", fields="Content-Length: 14", length=False), 0.2, BODY,
            method="HEAD", body="")
GROUP.fault("HEAD with a body until it closes", answer(length=False), CLOSE, method="HEAD", body="")
GROUP.fault("HEAD with chunks", chunked(BODY), method="HEAD", body="")
GROUP.fault("HEAD with a second answer", answer(body="") + STRAY, method="HEAD", body="")
for status in ("204 No Content", "304 Not Modified"):
    code = int(status[:3])
    line = f"HTTP/1.1 {status}"
    GROUP.fault(f"{code} with a body", answer(line=line), status=code, body="")
    GROUP.fault(f"{code} with a body, later", answer(line=line, body="", fields="Content-Length: 14", length=False),
                0.2, BODY, status=code, body="")
    GROUP.fault(f"{code} with chunks", chunked(BODY, line=line), status=code, body="")
    GROUP.fault(f"{code} with a second answer", f"{line}\r\n\r\n{STRAY}", status=code, body="")
    GROUP.fault(f"{code} with a body until it closes", f"{line}\r\n\r\n{BODY}", CLOSE, status=code, body="")
GROUP.fault("205 with a body", answer(line="HTTP/1.1 205 Reset Content"), status=205, body=None)
