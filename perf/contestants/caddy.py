"""Caddy, with its defaults but HTTP/3."""

from contestants import Contestant
from keys import USER
from kit import peers


class Caddy(peers.Caddy, Contestant):
    name = "Caddy"

    def write(self, place):
        scheme = "https" if place.setup.tls else "http"
        (place.folder / "Caddyfile").write_text(f"""
{{
    admin off
    auto_https off
    servers {{
        protocols h1 h2
    }}
}}
{scheme}://:{place.port} {{
    bind 127.0.0.1
    log {{
        output file {place.folder}/access.log
    }}
    {tls(place) if place.setup.tls else ""}
    {password(place) if place.setup.password else ""}
    reverse_proxy 127.0.0.1:{place.hub} {{
        transport http {{
            keepalive_idle_conns_per_host 64
        }}
    }}
}}
""")


def tls(place):
    certificate = f"tls {place.keys.chain('p256')} {place.keys.key('p256')}"
    if not place.setup.client_certificate:
        return certificate
    return certificate + f""" {{
        client_auth {{
            mode require_and_verify
            trusted_ca_cert_file {place.keys.chain('ca')}
        }}
    }}"""


def password(place):
    secret = place.keys.passwords[place.setup.password]
    return f"basicauth {{\n        {USER} {secret}\n    }}"
