"""Targets: a path, or an absolute URI that names the host asked for."""

from case import SMUGGLED, Group, Meant, get

LINE = "RFC 9112, section 3.2: no request target"
EMPTY = "RFC 9110, section 4.2: an http URI with an empty host is rejected"
LAST = "RFC 9110, section 7.6.2: with Max-Forwards of 0 it is not forwarded"
GROUP = Group("Targets")

for target in [
    "case0000", "*", "?case0000", "home.test:443", "home.test", "\\case0000", ".", "..",
    "/case0000#part", "/case0000#", "/c\xe4se0000", "/c\xc3\xa4se0000", "/case0000\x7f", "/ca\x00se",
    "/ca\x0bse", "/ca\x01se", "/case0000?\x00", "/case0000?a\x01b", "/ca\\se", "/%", "/%4", "/%zz", "/%-1",
    "/%u0041", "/case0000\xa0", "/\x80", "/case0000\"", "/<case0000>",
]:
    GROUP.attack(target, get(target=target), rule=LINE)

for target in [
    "http:///case0000", "http://", "https:///case0000", "http:/case0000", "http:case0000",
    "http://:80/case0000", "http://?case0000", "://home.test/case0000", "http//home.test/case0000",
]:
    GROUP.attack(target, get(target=target), rule=EMPTY if "//" in target else LINE)
# Refused, or forwarded without the user and under the name behind it.
for target, host in {
    "http://user@home.test/case0000": "home.test",
    "http://user:secret@home.test/case0000": "home.test",
    "http://other.test@home.test/case0000": "home.test",
    "http://home.test@other.test/case0000": "other.test",
    "http://home.test:80@other.test/case0000": "other.test",
}.items():
    GROUP.attack(target, get(target=target), meant=[Meant(host=host)])
for target in [
    "http://home.test\\@other.test/case0000", "http://home.test\\other.test/case0000",
    "http://home.test:x/case0000", "http://home.test\x00.other.test/case0000", "http://ho\xf6me.test/case0000",
    "http://[::1/case0000", "http://home.test%zz/case0000",
]:
    GROUP.attack(target, get(target=target), rule=LINE)

# The host of the target is the one asked for, whatever the Host field says
# (RFC 9112, section 3.2.2); refused, or forwarded under that name.
OTHER = [Meant(host="other.test")]
for target in ["http://other.test/case0000", "https://other.test/case0000", "HTTP://other.test/case0000"]:
    GROUP.attack(target, get(target=target), meant=OTHER)
GROUP.attack("the target is ours and the Host another's",
             get(target="https://home.test/case0000", host="Host: other.test"),
             meant=[Meant(host="home.test")])
for target in ["http://home.test:81/case0000", "http://home.test,other.test/case0000",
               "ftp://home.test/case0000", "unix:/run/hub.sock", "file:///etc/passwd",
               "gopher://home.test/case0000", "ws://home.test/case0000"]:
    GROUP.attack(target, get(target=target))

INJECTED = ("x-injected",)
for target in ["/%00", "/%0d%0aX-Injected:%20y", "/%0aX-Injected:%20y", "/case0000?%0d%0aX-Injected:%20y",
               "/case0000%20HTTP/1.1%0d%0aX-Injected:%20y", "/%E5%98%8A%E5%98%8DX-Injected:%20y",
               "//home.test@case0000", "//other.test/case0000", "/@other.test", "/:80", "@other.test/"]:
    GROUP.attack(target, get(target=target), never=INJECTED,
                 rule="" if target.startswith("/") else LINE)

GROUP.attack("OPTIONS *", get(target="*", method="OPTIONS"), meant=[Meant("OPTIONS", target="*")])
GROUP.attack("TRACE", get(method="TRACE"), meant=[Meant("TRACE")])
GROUP.attack("TRACE, not any further", get("Max-Forwards: 0", method="TRACE"), rule=LAST)
GROUP.attack("OPTIONS, five steps at most", get("Max-Forwards: 5", method="OPTIONS"),
             meant=[Meant("OPTIONS", fields=(("Max-Forwards", "4"),))])
GROUP.attack("OPTIONS, not any further", get("Max-Forwards: 0", method="OPTIONS"), rule=LAST)
for target in ["home.test:443", "127.0.0.1:22", "/case0000", "*", "http://home.test/case0000"]:
    GROUP.attack(f"CONNECT {target}", [get(target=target, method="CONNECT"), SMUGGLED])
    GROUP.attack(f"CONNECT {target}, all at once", get(target=target, method="CONNECT") + SMUGGLED)

for target, heard in {
    "/": "/",
    "/case0000?": "/case0000?",
    "/case0000?a=%00&b=..%2f..": "/case0000?a=%00&b=..%2f..",
    "/case0000?a[]=1&b={x}|y": "/case0000?a[]=1&b={x}|y",
    "/a%20b/%c3%a4": "/a%20b/%c3%a4",
    "/rest/items/a:b@c!$&'()*+,=~": "/rest/items/a:b@c!$&'()*+,=~",
    "http://home.test/case0000?x": "/case0000?x",
    "HTTPS://HOME.test/case0000": "/case0000",
}.items():
    GROUP.control(target, get(target=target), Meant(target=heard))
