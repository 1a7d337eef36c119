"""Fields (RFC 9113, section 8.2)."""

from case import Meant

from .frame import Group, STREAM, get

GROUP = Group("Fields")

GROUP.control("an odd token", get(more=[("x!#$%&'*+-.^_`|~0", "y")]), meant=[Meant()])
GROUP.control("TE: trailers", get(more=[("te", "trailers")]), meant=[Meant()])
GROUP.control("a cookie in crumbs", get(more=[("cookie", "a=b"), ("cookie", "c=d")]),
              meant=[Meant(fields=(("Cookie", "a=b; c=d"),))])
GROUP.control("an empty value", get(more=[("x", "")]), meant=[Meant()])
for name in ["X-Upper", "xX", "x y", " x", "x ", "x:", "", "x\0", "x\n", "x\r", "x\r\ny", "x\x7f", "x\xe9", "x(", "x/y",
             "x\"", "content-length ", "transfer-encoding\r\n", "host\r\nx"]:
    GROUP.attack(f"name {name}", get(more=[(name, "y")]), error=STREAM)
for value in ["a\0b", "a\nb", "a\rb", "a\r\nx-more: y", "a\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: home.test\r\n\r\n", "\n",
              "\r", "\0"]:
    GROUP.attack(f"value {value}", get(more=[("x", value)]), error=STREAM)
for value in [" a", "a ", "\ta", "a\t"]:
    GROUP.attack(f"value {value}", get(more=[("x", value)]))
for name, value in {"connection": "close", "keep-alive": "timeout=5", "proxy-connection": "keep-alive", "upgrade": "h2c",
                    "transfer-encoding": "chunked"}.items():
    GROUP.attack(f"{name}: {value}", get(more=[(name, value)]), error=STREAM)
GROUP.attack("connection: x-case", get(more=[("connection", "x-case")]), error=STREAM)
for value in ["gzip", "trailers, gzip", "chunked", ""]:
    GROUP.attack(f"te: {value}", get(more=[("te", value)]), error=STREAM)
GROUP.attack("http2-settings", get(more=[("http2-settings", "AAMAAABkAAQAAP__")]))
GROUP.attack("expect: 100-continue", get(more=[("expect", "100-continue")]))
GROUP.attack("expect: 200-ok", get(more=[("expect", "200-ok")]))
GROUP.attack("a value of 100 KB", get(more=[("x", "y" * 16000)]))
