"""Certificates of a root that is made on the spot."""

from kit import certificates


class Root:
    """A CA in a folder: root.pem and root.key."""

    def __init__(self, folder):
        folder.mkdir(exist_ok=True)
        self.folder = folder
        # Without OpenSSL's own configuration, which makes a CA of everything.
        (folder / "openssl.cnf").write_text("[req]\ndistinguished_name = name\n[name]\n")
        self.make("root", "basicConstraints=critical,CA:TRUE")

    def make(self, name, extension, *more):
        chain, key = self.paths(name)
        configuration = ["-config", self.folder / "openssl.cnf"]
        certificates.make(chain, key, name, *configuration, "-addext", extension, *more)
        return chain, key

    def sign(self, name, hosts):
        """A server's certificate: NAME.pem and NAME.key."""
        chain, key = self.paths("root")
        names = f"subjectAltName={','.join(hosts)}"
        return self.make(name, names, "-CA", chain, "-CAkey", key)

    def paths(self, name):
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"
