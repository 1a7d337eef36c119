"""Keys and certificates, made by openssl."""

import os
import subprocess

P256 = ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")
RSA = ("rsa:2048",)


def make(chain, key, subject, *options, kind=P256, days=30):
    """Writes a key and its certificate: self-signed, unless the options name a CA.

    `options` are those of `openssl req`, with paths that do not depend on the folder.
    """
    openssl("req", "-x509", "-nodes", "-newkey", *kind, "-days", days, "-subj", f"/CN={subject}",
            "-keyout", key, "-out", chain, *options)
    os.chmod(key, 0o600)


def openssl(*arguments, folder=None):
    """Runs openssl in a folder and returns its output."""
    command = ["openssl", *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout
