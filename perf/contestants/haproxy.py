"""HAProxy, set up as its manual advises for one core."""

from contestants import Contestant
from keys import USER
from kit import peers


class HAProxy(peers.HaProxy, Contestant):
    name = "HAProxy"

    def write(self, place):
        (place.folder / "haproxy.cfg").write_text(f"""
global
    nbthread {len(place.cores) if place.setup.all_cores else 1}
    maxconn 9000
    log stdout format raw local0
    ssl-default-bind-options ssl-min-ver TLSv1.2
defaults
    mode http
    log global
    option httplog
    option forwardfor
    timeout connect 5s
    timeout client 1h
    timeout server 1h
    timeout tunnel 1h
{users(place)}
frontend front
    bind 127.0.0.1:{place.port} {protocols(place)}
    {"http-request auth unless { http_auth(house) }" if place.setup.password else ""}
    http-request set-header X-Real-IP %[src]
    http-request set-header X-Forwarded-Proto {"https" if place.setup.tls else "http"}
    default_backend hub
backend hub
    http-reuse always
    server hub 127.0.0.1:{place.hub}
""")


def protocols(place):
    if not place.setup.tls:
        return ""
    tls = f"ssl crt {place.keys.both('p256')} alpn h2,http/1.1"
    if place.setup.client_certificate:
        tls += f" ca-file {place.keys.chain('ca')} verify required"
    return tls


def users(place):
    kind = place.setup.password
    if not kind:
        return ""
    # crypt(3) does not know apr1; its own MD5 is the same work.
    secret = place.keys.passwords["md5" if kind == "apr1" else kind]
    return f"userlist house\n    user {USER} password {secret}"
