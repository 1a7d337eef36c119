"""Certificates of a root that is made on the spot."""

import subprocess

KIND = ["-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-days", "30"]


class Root:
    """A CA in a folder: root.pem and root.key."""

    def __init__(self, folder):
        folder.mkdir(exist_ok=True)
        self.folder = folder
        # Without OpenSSL's own configuration, which makes a CA of everything.
        (folder / "openssl.cnf").write_text("[req]\ndistinguished_name = name\n[name]\n")
        self.request("root", "basicConstraints=critical,CA:TRUE")

    def request(self, name, extension, *more):
        command = ["openssl", "req", "-x509", "-config", "openssl.cnf", *KIND]
        command += ["-subj", f"/CN={name}", "-addext", extension, *more]
        command += ["-keyout", f"{name}.key", "-out", f"{name}.pem"]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True)

    def sign(self, name, hosts):
        """A server's certificate: NAME.pem and NAME.key."""
        names = f"subjectAltName={','.join(hosts)}"
        self.request(name, names, "-CA", "root.pem", "-CAkey", "root.key")
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"
