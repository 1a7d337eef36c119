"""The request line: a method, a target and a version, with one space between them."""

from case import Group, Meant, get, with_line

LINE = "RFC 9112, section 3: no request line"
METHOD = "RFC 9110, section 9.1: no method"
VERSION = "RFC 9112, section 2.3: no version"
STAR = "RFC 9112, section 3.2.4: * is for OPTIONS"
GROUP = Group("Request line")

for line in [
    "GET /case0000", "GET /case0000 ", "GET /case0000 x HTTP/1.1", "GET /case0000 HTTP/1.1 x",
    "GET /case0000 HTTP/1.1 HTTP/1.1", "GET HTTP/1.1", "/case0000 HTTP/1.1", "HTTP/1.1 200 OK",
    "\r\r\nGET /case0000 HTTP/1.1", "\x00GET /case0000 HTTP/1.1", "GET\x00/case0000\x00HTTP/1.1",
    "GET /case0000\x00 HTTP/1.1", "GET /case0000 HTTP/1.1\x00", "GET /case0000 HTTP/1.1\x01",
    "GET", "\x16\x03\x01\x02", "\xff\xfeGET /case0000 HTTP/1.1",
]:
    GROUP.attack(line, with_line(line), rule=LINE)

# RFC 9112, section 3, lets a lenient server read these as if one space stood there.
for line in [
    "GET  /case0000 HTTP/1.1", "GET /case0000  HTTP/1.1", "GET /case0000 HTTP/1.1 ",
    " GET /case0000 HTTP/1.1", "\tGET /case0000 HTTP/1.1", "GET\t/case0000 HTTP/1.1",
    "GET /case0000\tHTTP/1.1", "GET\x0b/case0000\x0bHTTP/1.1", "GET\x0c/case0000\x0cHTTP/1.1",
    "GET /case0000\rHTTP/1.1", "GET /case0000 HTTP/1.1\t", "\nGET /case0000 HTTP/1.1",
    "\r\n\r\nGET /case0000 HTTP/1.1",
]:
    GROUP.attack(line, with_line(line), meant=[Meant()])

for method in [
    "G@T", "GET:", "\"GET\"", "GET\x00", "GET,", "(GET)", "G/T", "G=T", "G\xcbT", "G\x7fT", "{GET}",
    "GET\\", "G;T",
]:
    GROUP.attack(f"method {method}", get(method=method), rule=METHOD)

for version in [
    "HTTP/1", "HTTP/2", "HTTP/1.10", "HTTP/01.1", "HTTP/1.01", "HTTP/1,1", "HTTP/1.1x", "HTTP /1.1",
    "HTTP/ 1.1", "HTTP/1.", "HTTP/.1", "HTTP/-1.1", "HTTP/+1.1", "http/1.1", "Http/1.1", "HTTPS/1.1",
    "RTSP/1.0", "ICAP/1.0", "SIP/2.0", "HTTP\\1.1", "HTTP1.1", "HTTP//1.1", "HTTP/1.a", "HTTP/1.1.1",
    "HTTP/\xb9.1",
]:
    GROUP.attack(f"version {version}", get(version=version), rule=VERSION)
# Forwarded in the proxy's own version (RFC 9110, section 2.5), or refused.
for version in ["HTTP/0.9", "HTTP/2.0", "HTTP/3.0", "HTTP/9.9", "HTTP/1.2", "HTTP/1.9"]:
    GROUP.attack(f"version {version}", get(version=version), meant=[Meant()])

GROUP.attack("HTTP/0.9", "GET /case0000\r\n", rule=LINE)
GROUP.attack("HTTP/0.9 and a line feed", "GET /case0000\n", rule=LINE)
GROUP.attack("the preface of HTTP/2",
             "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + get(), rule=STAR, known_by=b"PRI ")

for method in ["OPTIONS", "PROPFIND", "M-SEARCH", "DELETE", "PUT", "PATCH", "REPORT"]:
    GROUP.control(f"method {method}", get("Content-Length: 0", method=method), Meant(method))
GROUP.control("method HEAD", get(method="HEAD"), Meant("HEAD"))
GROUP.control("HTTP/1.0", get(version="HTTP/1.0"), Meant())
GROUP.control("an empty line before", "\r\n" + get(), Meant())
