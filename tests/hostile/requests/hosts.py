"""Host: one, and a host with or without a port (RFC 9112, section 3.2)."""

from case import HOST, Group, Meant

RULE = "RFC 9112, section 3.2: no, two or an invalid Host is answered with 400"
GROUP = Group("Host")


def request(*lines, version="HTTP/1.1"):
    return "\r\n".join([f"GET /case0000 {version}", *lines, "X-Case: case0000"]) + "\r\n\r\n"


for host in [
    "home.test@other.test", "other.test@home.test", "user:secret@home.test", "home.test/case0000",
    "/home.test", "home.test/", "home.test?x", "home.test#x", "home.test\\", "home.test\\other.test",
    "home .test", "home.test other.test", "home.test, other.test", "home.test:x", "home.test:-1",
    "home.test:+443", "home.test:443:443", "home.test:443x", "home.test: 443", "home.test\t:443",
    "http://home.test", "//home.test", "[::1", "::1", "[::1]x", "[home.test]", "[", "]", "[::1]:x", "home.test%",
    "home.test%zz", "h\xf6me.test", "h\xc3\xb6me.test", "home\x00.test", "home.test\x00", "home.test\x0b",
    "home.test\x7f", "home.test\x01.other.test", "home.test\rother.test", "\"home.test\"", "<home.test>",
    "home.test|x", "home.test^", "{home.test}", "home.test`x`",
]:
    GROUP.attack(host, request(f"Host: {host}"), rule=RULE)

# Valid by the grammar of RFC 3986, though no name in the DNS.
for host in [
    "", "home.test:", "home.test:99999", "home..test", ".home.test", "home.test..", "home.test%00",
    "home.test%2f", "home.test%0d%0aX-Injected:%20y", "home.test,other.test", "home.test;x", "127.1", "0",
    "localhost", "127.0.0.1", "[::1]", "other.test", "x.home.test", "$(id).home.test", "home.test.", "*",
    "_", "-", "home.test:0",
]:
    GROUP.attack(host, request(f"Host: {host}"), never=("x-injected",))

for name, lines in {
    "none": [],
    "two alike": [HOST, HOST],
    "two, ours first": [HOST, "host: other.test"],
    "two, ours last": ["Host: other.test", HOST],
    "two, one empty": [HOST, "Host:"],
    "space before the colon": ["Host : home.test"],
    "two, one with a space before the colon": ["Host : other.test", HOST],
    "tab before the colon": ["Host\t: home.test"],
    "X-Forwarded-Host only": ["X-Forwarded-Host: home.test"],
    "no colon": ["Host home.test"],
    "behind a bare CR": [f"X: y\r{HOST}"],
    "two, one behind a bare CR": [f"X: y\rHost: other.test", HOST],
    "with a NUL in the name": ["Host\x00: home.test"],
    "as the fold of another": ["X: y", f" {HOST}"],
}.items():
    GROUP.attack(name, request(*lines), rule=RULE)

GROUP.attack("two, one before it with a space", request(" Host: other.test", HOST),
             meant=[Meant(host="home.test")])
GROUP.attack("two, one as the fold of another", request(HOST, "X: y", " Host: other.test"),
             meant=[Meant(host="home.test")])
GROUP.attack("folded", request("Host:\r\n home.test"), meant=[Meant(host="home.test")])
GROUP.attack("a fold of another host", request(f"{HOST}\r\n other.test"), rule=RULE)
GROUP.attack("with an underscore before it", request("_Host: other.test", HOST),
             meant=[Meant(host="home.test")])
GROUP.attack("none in HTTP/1.0", request(version="HTTP/1.0"), meant=[Meant()])
GROUP.attack("two in HTTP/1.0", request(HOST, "Host: other.test", version="HTTP/1.0"), rule=RULE)
GROUP.attack("named by Connection", request(HOST, "Connection: host"), meant=[Meant(host="home.test")])

for host in ["home.test", "HOME.Test", "home.test:443"]:
    GROUP.control(host, request(f"Host: {host}"), Meant())
GROUP.control("behind other fields", request("Accept: */*", "X: y", HOST), Meant())
