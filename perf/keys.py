"""What contestants and visitors prove themselves with, made on the spot."""

import subprocess

from kit import certificates
from kit.certificates import P256, RSA

USER, PASSWORD = "anna", "open sesame"

NAMES = "subjectAltName=DNS:localhost,IP:127.0.0.1"
VISITOR = "extendedKeyUsage=clientAuth"


class Keys:
    """A folder with the certificates p256, rsa, ca and visitor, and htpasswd files."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.sign("p256", P256, "localhost", NAMES)
        self.sign("rsa", RSA, "localhost", NAMES)
        self.sign("ca", P256, "the house", "keyUsage=keyCertSign,cRLSign")
        ca = ["-CA", self.chain("ca"), "-CAkey", self.key("ca")]
        ca += ["-addext", "basicConstraints=CA:FALSE"]
        self.sign("visitor", P256, "anna's phone", VISITOR, ca)
        self.passwords = {kind: self.hash(kind) for kind in HASHES}

    def chain(self, name):
        return self.folder / f"{name}.pem"

    def key(self, name):
        return self.folder / f"{name}.key"

    def both(self, name):
        """Certificate and key in one file, as HAProxy reads them."""
        path = self.folder / f"{name}.both"
        path.write_text(self.chain(name).read_text() + self.key(name).read_text())
        path.chmod(0o600)
        return path

    def htpasswd(self, kind):
        """A file with the one user; NGINX's workers, who are nobody, read it."""
        path = self.folder / f"htpasswd-{kind}"
        path.write_text(f"{USER}:{self.passwords[kind]}\n")
        path.chmod(0o644)
        return path

    def sign(self, name, key, subject, extension, more=()):
        certificates.make(
            self.chain(name), self.key(name), subject, *more, "-addext", extension, kind=key
        )

    def maze(self, count, key=P256):
        """A self-signed device behind so many CAs that all have the house's CA's name."""
        name = f"maze-{count}"
        leaf = ["-addext", "basicConstraints=CA:FALSE"]
        self.sign(f"{name}-0", key, "the house", VISITOR, leaf)
        for number in range(1, count + 1):
            self.sign(f"{name}-{number}", key, "the house", "keyUsage=keyCertSign")
        chain = [self.chain(f"{name}-{number}").read_text() for number in range(count + 1)]
        self.chain(name).write_text("".join(chain))
        return self.chain(name), self.key(f"{name}-0")

    @staticmethod
    def hash(kind):
        return run(HASHES[kind] + [PASSWORD]).strip().rpartition(":")[2]


# As openHABian's menu calls htpasswd, with bcrypt, and what crypt(3) makes of
# the first: the same work under another name, for those who know only that.
HASHES = {
    "apr1": ["htpasswd", "-nbm", USER],
    "bcrypt": ["htpasswd", "-nbB", USER],
    "md5": ["openssl", "passwd", "-1"],
}


def run(command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
