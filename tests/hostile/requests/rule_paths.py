"""Paths: spellings of `/admin`, which is closed, and of what is open."""

from case import HOST, Group, Meant, get

GROUP = Group("Paths")

for target in [
    "/admin", "/admin/", "/admin/x", "/admin?x", "/admin#x", "/admin;x", "/admin/..", "/admin//", "/admin/.",
    "/./admin/x", "/.//admin/x", "//admin/x", "///admin/x", "//./admin/x", "/x//../admin/x",
    "/public/../admin/x", "/public/x/../../admin/x", "/public/./../admin/x", "/../admin/x", "/../../admin/x",
    "/public/%2e%2e/admin/x", "/public/.%2e/admin/x", "/public/%2E./admin/x", "/%2e/admin/x", "/%2e%2e/admin/x",
    "/public/..%2fadmin/x", "/public/..%2Fadmin/x", "/public%2f..%2fadmin/x", "/public%2f../admin/x",
    "/%2fadmin/x", "/%2f%2fadmin/x", "/admin%2fx", "/admin%2f..%2f", "/public/%2e%2e%2fadmin%2fx",
    "/%61dmin/x", "/a%64min/x", "/%61%64%6d%69%6e/x", "/%61dmin", "/admi%6e/x", "/.%2f/admin/x",
    "/public/..;/admin/x", "/public/..;x=y/admin/x", "/public/%2e%2e;/admin/x", "/;/admin/x", "/;x=y/admin/x",
    "/.;/admin/x", "/admin;x/x", "/admin;/x", "/%3b/admin/x", "/public/..%3b/admin/x",
    "/public\\..\\admin/x", "/public/..\\admin/x", "\\admin/x", "/\\admin/x", "/public/..%5cadmin/x",
    "/%5cadmin/x", "/admin\\x", "/admin%5cx",
    "/public/%252e%252e/admin/x", "/public/..%252fadmin/x", "/%2561dmin/x", "/%252fadmin/x",
    "/public/%c0%ae%c0%ae/admin/x", "/public/..%c0%afadmin/x", "/public/%c0%ae./admin/x",
    "/public/%u002e%u002e/admin/x", "/public/%e0%80%ae%e0%80%ae/admin/x", "/%u0061dmin/x",
    "/public/..%00/admin/x", "/admin%00", "/admin%00/x", "/%00/../admin/x", "/admin%20", "/admin%09", "/admin%0a",
    "/%0aadmin", "/%20/../admin/x", "/admin.", "/admin%2e", "/admin/%2e", "/ADMIN/x", "/Admin",
    "/public/...//admin/x", "/public/....//admin/x", "/public/.../admin/x",
    "http://home.test/admin/x", "https://home.test/admin", "http://home.test/./admin/x", "http://home.test//admin/x",
    "http://home.test/public/../admin/x", "http://home.test/%61dmin/x", "http://home.test/public/..;/admin/x",
    "HTTP://HOME.TEST/admin", "http://home.test:443/admin", "http://other.test/admin", "http:/admin", "http:///admin",
    "http://home.test?/../admin", "http://home.test#/../admin",
]:
    GROUP.attack(target, get(target=target))

for method in ["HEAD", "POST", "OPTIONS", "PROPFIND", "TRACE", "CONNECT", "X", "get", "PUT"]:
    GROUP.attack(f"{method} /admin", get("Content-Length: 0", method=method, target="/admin"), meant=[])
GROUP.attack("/admin in HTTP/1.0", get(target="/admin", version="HTTP/1.0"), meant=[])
GROUP.attack("/admin in HTTP/0.9", "GET /admin\r\nX-Case: case0000\r\n\r\n")
GROUP.attack("/admin with a tab", f"GET\t/admin HTTP/1.1\r\n{HOST}\r\nX-Case: case0000\r\n\r\n")
GROUP.attack("/admin with two spaces", f"GET  /admin HTTP/1.1\r\n{HOST}\r\nX-Case: case0000\r\n\r\n")
GROUP.attack("/admin behind another word", f"GET /public /admin HTTP/1.1\r\n{HOST}\r\nX-Case: case0000\r\n\r\n")
GROUP.attack("/admin behind an open request", get() + get(target="/admin"), meant=[Meant()])
GROUP.attack("/admin over another's Host", get(target="/admin", host="Host: other.test"), meant=[])
for field in ["X-Original-URL: /admin", "X-Rewrite-URL: /admin", "X-HTTP-Method-Override: PUT"]:
    GROUP.attack(field, get(field, target="/public/case0000"),
                 never=("x-original-url", "x-rewrite-url"))

for target in ["/public/admin", "/public/case0000?../../admin", "/public/?x=/admin", "/a;b=c/d", "/public/a.b..c",
               "/public/%61", "/adm"]:
    GROUP.control(target, get(target=target), Meant(target=target))
