"""The status line (RFC 9112, section 4), and what is no HTTP at all."""

from .fault import BODY, CLOSE, Group, answer

GROUP = Group("Status line")
NO_HTTP = "RFC 9112, section 4: no status line"

for line in ["HTTP/1.1 200 OK", "HTTP/1.1 200 ", "HTTP/1.1 200 Alles in Ordnung", "HTTP/1.0 200 OK"]:
    GROUP.control(line, answer(line=line), CLOSE)
GROUP.control("HTTP/1.1 299 and a reason", answer(line="HTTP/1.1 299 Odd"), status=299)
# Anything but three digits makes client and proxy differ.
for code in ["", "2", "20", "2000", "abc", "2x0", "-200", "+200", "0200", "200.0", "000", "099"]:
    GROUP.fault(f"status {code}", answer(line=f"HTTP/1.1 {code} OK"), CLOSE, rule=NO_HTTP)
GROUP.fault("status 600", answer(line="HTTP/1.1 600 Odd"), CLOSE, status=600)
GROUP.fault("status 999", answer(line="HTTP/1.1 999 Odd"), CLOSE, status=999)
for line in ["HTTP/2.0 200 OK", "HTTP/0.9 200 OK", "HTTP/1.10 200 OK", "HTTP/11 200 OK", "HTTP 200 OK",
             "http/1.1 200 OK", "HTTP/1.1\t200\tOK", " HTTP/1.1 200 OK", "ICY 200 OK", "200 OK",
             "HTTP/1.1200 OK", "HTTPS/1.1 200 OK"]:
    GROUP.fault(line, answer(line=line), CLOSE, rule=NO_HTTP)
for name, reason in {"NUL": "O\x00K", "a bare CR": "O\rK", "a bare CR and a field": "OK\rX-Split: case0000",
                     "a bare LF and a field": "OK\nX-Split: case0000", "latin": "Gr\xfc\xdfe"}.items():
    GROUP.fault(f"reason with {name}", answer(line=f"HTTP/1.1 200 {reason}"), CLOSE)
GROUP.fault("a reason of 100 KB", answer(line="HTTP/1.1 200 " + "O" * 100_000), CLOSE)
for name, said in {
    "a body without a head": BODY,
    "HTML": "<html>case0000</html>",
    "an SSH server": "SSH-2.0-OpenSSH_9.2\r\n",
    "a TLS alert": "\x15\x03\x01\x00\x02\x02\x46",
    "an HTTP/2 server": "\x00\x00\x00\x04\x00\x00\x00\x00\x00",
    "a request": "GET /case0000 HTTP/1.1\r\nHost: home.test\r\n\r\n",
    "an empty line": "\r\n\r\n",
    "zeros": "\x00" * 1000,
}.items():
    GROUP.fault(name, said, CLOSE, rule=NO_HTTP)
GROUP.fault("an empty line before it", "\r\n" + answer(), CLOSE)
