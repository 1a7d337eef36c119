"""What a client says of itself, and ways past the rule for /admin."""

from .frame import Group, get

GROUP = Group("Claims and paths")

for name in ["x-forwarded-for", "x-real-ip", "x-forwarded-proto", "x-forwarded-host", "forwarded", "remote-user",
             "x-remote-user", "x-original-url", "x-rewrite-url", "client-cert", "x-ssl-client-verify", "x-ssl-client-s-dn",
             "x-client-cert", "x_forwarded_for", "x_real_ip", "remote_user", "x-forwarded_for", "client_cert"]:
    GROUP.attack(name, get(more=[(name, "203.0.113.66 forged")]))
for path in ["/admin", "/admin/x", "/%61dmin/x", "/x/../admin/x", "/./admin/x", "//admin/x", "/x/%2e%2e/admin/x",
             "/x%2f..%2fadmin/x", "/x/..;/admin/x", "/;/admin/x", "/admin;x/y", "/ADMIN/../admin/x", "/x/..%5cadmin/x",
             "/%00/../admin/x", "/admin%2fx", "https://home.test/admin/x", "/x/..%252fadmin/x"]:
    GROUP.attack(path, get(path=path))
