"""Pseudo fields (RFC 9113, section 8.3.1)."""

from case import Meant

from .frame import Group, STREAM, asked, get, headers

GROUP = Group("Pseudo fields")

GROUP.control("OPTIONS *", headers(asked(method="OPTIONS", path="/case0000")), meant=[Meant("OPTIONS")])
GROUP.control("a query", get(path="/case0000?a=b&c"), meant=[Meant(target="/case0000?a=b&c")])
GROUP.control("host beside it", get(more=[("host", "home.test")]), meant=[Meant()])
for left_out in ("method", "scheme", "path"):
    GROUP.attack(f"no {left_out}", get(**{left_out: None}), error=STREAM)
    GROUP.attack(f"an empty {left_out}", get(**{left_out: ""}), error=STREAM)
for name, value in asked()[:4]:
    GROUP.attack(f"{name} twice", headers(asked(first=[(name, value)])), error=STREAM)
    GROUP.attack(f"{name} behind a field", headers([*[it for it in asked() if it[0] != name], (name, value)]), error=STREAM)
for name, value in {":status": "200", ":unknown": "x", ":": "x", ":host": "home.test", ":METHOD": "GET",
                    ":path ": "/case0000"}.items():
    GROUP.attack(f"{name}: {value}", headers(asked(first=[(name, value)])), error=STREAM)
for path in ["case0000", "*", "//case0000/../x", "/case0000 HTTP/1.1", "/case0000\r\nX: y", "/case0000\n", "/case0000\0",
             "/case0000 ", " /case0000", "/case0000#x", "/case0000\\x", "/case0000\x7f", "/case0000\xe9",
             "http://other.test/case0000", "https://home.test/case0000", "@other.test/case0000",
             "/case0000 HTTP/1.1\r\nHost: other.test\r\n\r\nGET /smuggled"]:
    GROUP.attack(f":path {path}", get(path=path))
for method in ["get", "GET ", " GET", "GE T", "GET /smuggled HTTP/1.1\r\nX: y\r\n\r\nGET", "G\0T", "GET\n", "G(T", "G\xe9T",
               "PRI", "TRACE", "TRACK"]:
    GROUP.attack(f":method {method}", get(method=method))
for scheme in ["http", "HTTPS", "ftp", "https://home.test/x?", "x\r\ny", "h ttp", "1", "javascript"]:
    GROUP.attack(f":scheme {scheme}", get(scheme=scheme))
for authority in ["other.test", "home.test:443", "home.test:80", "user@home.test", "user:secret@home.test",
                  "home.test@other.test", "home.test/x", "home.test\r\nx: y", "home.test ", " home.test", "home.test,x",
                  "home.test\0", "", "home.test:", "home.test:99999", "home.test#x", "home.test?x", "[::1]", "HOME.TEST"]:
    GROUP.attack(f":authority {authority}", get(authority=authority))
for host in ["other.test", "home.test:444", "", "home.test, other.test", "other.test@home.test"]:
    GROUP.attack(f"host {host} beside :authority", get(more=[("host", host)]))
GROUP.attack("two hosts and no :authority", get(authority=None, more=[("host", "home.test"), ("host", "other.test")]))
GROUP.attack("host alone", get(authority=None, more=[("host", "home.test")]))
GROUP.attack("no host at all", get(authority=None))
