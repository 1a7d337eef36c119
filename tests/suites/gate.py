"""hubgate as the suites meet it: a site for everybody, and one for holders of a certificate."""

import functools
import pathlib

from kit import certificates
from kit.peers import Hubgate
from kit.ports import free_port
from program import Program

# What anybody may ask for, and what only a device of the house may.
PUBLIC, PRIVATE = "localhost", "private.test"

CONFIGURATION = """
listen: {{http: ["127.0.0.1:{http}"], https: ["127.0.0.1:{https}"]}}
state: state
sites:
  - hosts: [localhost, 127.0.0.1]
    certificate: {{chain: chain.pem, key: key.pem}}
    upstream: http://127.0.0.1:{hub}
    hsts: {{max_age: 365d}}
    headers: {{X-Frame-Options: SAMEORIGIN, X-Content-Type-Options: nosniff}}
    access: public
  - hosts: [private.test]
    certificate: {{chain: chain.pem, key: key.pem}}
    upstream: http://127.0.0.1:{hub}
    access: {{client_certificate: ca.pem}}
limits: {{{limits}}}
log: {{access: "off", level: debug}}
"""
EXTENSIONS = """
crlDistributionPoints=URI:http://localhost/none.crl
subjectAltName=DNS:localhost,DNS:private.test,IP:127.0.0.1
basicConstraints=critical,CA:false
keyUsage=critical,digitalSignature
extendedKeyUsage={use}Auth
"""


class Gate(Program):
    """A running hubgate before the hub on a port."""

    def __init__(self, folder, hub, limits=""):
        folder = pathlib.Path(folder)
        if not (folder / "ca.pem").exists():
            make_certificates(folder)
        self.http, https = free_port(), free_port()
        (folder / "state").mkdir(exist_ok=True, mode=0o700)
        self.folder = folder
        (folder / "proxy.yaml").write_text(
            CONFIGURATION.format(http=self.http, https=https, hub=hub, limits=limits)
        )
        super().__init__(Hubgate().command(folder), folder / "hubgate.log", https)

    def panics(self):
        """What it said of panics, which must be nothing."""
        return [line for line in self.printed().splitlines() if "panicked" in line]


def make_certificates(folder):
    """A CA, a server's certificate of it for 90 days, and a device's."""
    certificates.make(folder / "ca.pem", folder / "ca.key", "suites",
                      "-addext", "keyUsage=critical,keyCertSign,cRLSign", days=90)
    for name, use in [("", "server"), ("device-", "client")]:
        (folder / "extensions").write_text(EXTENSIONS.format(use=use))
        sign(folder, f"{name}chain.pem", folder / f"{name}key.pem")


def sign(folder, chain, key):
    """A certificate of the CA, with the extensions of the file."""
    openssl = functools.partial(certificates.openssl, folder=folder)
    openssl("req", "-nodes", "-newkey", *certificates.P256, "-keyout", key, "-out", "request",
            "-subj", "/CN=localhost")
    openssl("x509", "-req", "-in", "request", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-days", "89", "-extfile", "extensions", "-out", chain)
    key.chmod(0o600)
