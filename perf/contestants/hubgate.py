"""hubgate as its own proxy.yaml sets it up: only what a bench needs is lifted."""

import json
import shutil

from contestants import Contestant
from kit import peers


class Hubgate(peers.Hubgate, Contestant):
    name = "hubgate"
    countable = compared = True

    def __init__(self, binary):
        self.binary = binary

    def keep(self, folder):
        """Goes on with a copy, so that a build meanwhile changes nothing."""
        self.binary = shutil.copy2(self.binary, folder / "hubgate")

    def write(self, place):
        address = [f"127.0.0.1:{place.port}"]
        http, https = ([], address) if place.setup.tls else (address, [])
        # JSON is YAML.
        (place.folder / "proxy.yaml").write_text(f"""
listen: {json.dumps({"http": http, "https": https})}
state: {place.folder}
sites:
  - hosts: [localhost, 127.0.0.1]
    certificate: {{chain: {place.keys.chain("p256")}, key: {place.keys.key("p256")}}}
    upstream: http://127.0.0.1:{place.hub}
    access: {json.dumps(access(place))}
    paths: {json.dumps(PATHS if place.setup.paths else [])}
limits: {{connections_per_address: 10000, body: off}}
""")


PATHS = [
    {"path": path, "access": "public"} for path in ["/static/", "/icon/", "/habpanel", "/api/v1/"]
]


def access(place):
    factors = {}
    if place.setup.client_certificate:
        factors["client_certificate"] = str(place.keys.chain("ca"))
    if place.setup.password:
        factors["password"] = str(place.keys.htpasswd(place.setup.password))
    return factors or "public"
