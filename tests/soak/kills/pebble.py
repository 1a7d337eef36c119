"""Pebble, the CA that Let's Encrypt made for tests, with a DNS in which every name is 127.0.0.1."""

import json

from certificate import Root
from kit.ports import free_port
from program import Program


class Pebble:
    """Started in a folder; ends with its `with` block."""

    def __init__(self, folder, http):
        Root(folder).sign("server", ["IP:127.0.0.1"])
        self.folder, self.port = folder, free_port()
        dns, manage = free_port(), free_port()
        self.root = folder / "root.pem"
        (folder / "pebble.json").write_text(json.dumps({"pebble": {
            "listenAddress": f"127.0.0.1:{self.port}",
            "managementListenAddress": f"127.0.0.1:{free_port()}",
            "certificate": "server.pem", "privateKey": "server.key",
            "httpPort": http, "tlsPort": free_port(), "ocspResponderURL": "",
        }}))
        self.programs = []
        self.start(manage, [
            "pebble-challtestsrv", "-defaultIPv4", "127.0.0.1", "-defaultIPv6", "",
            "-http01", "", "-https01", "", "-tlsalpn01", "",
            "-dns01", f"127.0.0.1:{dns}", "-management", f"127.0.0.1:{manage}",
        ])
        self.start(self.port, [
            "env", "PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=0", "pebble",
            "-config", "pebble.json", "-strict=false", "-dnsserver", f"127.0.0.1:{dns}",
        ])

    def start(self, port, command):
        log = self.folder / f"{len(self.programs)}.log"
        program = Program(command, log, port, cwd=self.folder)
        self.programs.append(program.wait_until_it_listens())

    @property
    def directory(self):
        return f"https://127.0.0.1:{self.port}/dir"

    def end(self):
        for program in self.programs:
            program.kill()
