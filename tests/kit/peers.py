"""The proxies under test: binary, version and command line of each.

Their configurations differ from test to test, and stay with it.
"""

import os
import re
import subprocess


class Peer:
    """A proxy that runs in the foreground."""

    program = binary = version_option = None

    def version(self):
        """Name and number."""
        return f"{self.program} {re.search(r'[0-9]+([.][0-9]+)+', self.version_text())[0]}"

    def version_text(self):
        command = [self.binary, self.version_option]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout + done.stderr


class Hubgate(Peer):
    program, version_option = "hubgate", "--version"
    binary = os.environ.get("HUBGATE", "target/release/hubgate")

    def version(self):
        return self.version_text().strip()

    def command(self, folder):
        return [self.binary, "run", "--config", folder / "proxy.yaml"]


class Nginx(Peer):
    program, binary, version_option = "NGINX", "/usr/sbin/nginx", "-v"

    def command(self, folder, directives=""):
        configuration = ["-p", folder, "-c", folder / "nginx.conf"]
        return [self.binary, *configuration, "-g", f"daemon off; {directives}"]

    @staticmethod
    def temporary(folder):
        """Directives that place all temporary files in the folder."""
        kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        return " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)


class HaProxy(Peer):
    program, binary, version_option = "HAProxy", "/usr/sbin/haproxy", "-v"

    def command(self, folder):
        return [self.binary, "-db", "-f", folder / "haproxy.cfg"]


class Caddy(Peer):
    program, binary, version_option = "Caddy", "/usr/bin/caddy", "version"

    def command(self, folder):
        file = folder / "Caddyfile"
        return [self.binary, "run", "--config", file, "--adapter", "caddyfile"]


def environment(folder):
    """The environment of a proxy that keeps its own files in the folder."""
    return {**os.environ, "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
