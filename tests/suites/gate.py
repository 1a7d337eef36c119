"""hubgate as the suites meet it: a site for everybody, and one for holders of a certificate."""

import os
import pathlib
import subprocess

from program import Program, free_port

BINARY = os.environ.get("HUBGATE", "target/release/hubgate")
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
        self.configuration = folder / "proxy.yaml"
        self.configuration.write_text(
            CONFIGURATION.format(http=self.http, https=https, hub=hub, limits=limits)
        )
        command = [BINARY, "run", "--config", self.configuration]
        super().__init__(command, https, folder / "hubgate.log")

    def panics(self):
        """What it said of panics, which must be nothing."""
        return [line for line in self.printed().splitlines() if "panicked" in line]


def version():
    done = subprocess.run([BINARY, "--version"], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def make_certificates(folder):
    """A CA, a server's certificate of it for 90 days, and a device's."""
    openssl(folder, "req", "-x509", "-nodes", *CURVE, "-keyout", "ca.key", "-out", "ca.pem",
            "-days", "90", "-subj", "/CN=suites",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    for name, use in [("", "server"), ("device-", "client")]:
        (folder / "extensions").write_text(EXTENSIONS.format(use=use))
        openssl(folder, "req", "-nodes", *CURVE, "-keyout", f"{name}key.pem", "-out", "request",
                "-subj", "/CN=localhost")
        openssl(folder, "x509", "-req", "-in", "request", "-CA", "ca.pem", "-CAkey", "ca.key",
                "-days", "89", "-extfile", "extensions", "-out", f"{name}chain.pem")
        os.chmod(folder / f"{name}key.pem", 0o600)


CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]


def openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
