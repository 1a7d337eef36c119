"""`hubgate run` while it makes what it keeps: its CA, certificates, keys and sockets."""

import shutil
import subprocess

from house import House
from kit.ports import free_port
from kit.tls import client_context
from kit.wait import until
from program import DEADLINE
from promise import holds

from . import trace
from .visit import secure, visit

CONFIG = """
listen: {{http: [], https: ["127.0.0.1:{https}"]}}
state: kept/state
sites:
  - hosts: [phone.test{more}]
    certificate: self-signed
    upstream: http://127.0.0.1:{hub}
    access: {{client_certificate: own}}
  - hosts: [word.test]
    certificate: self-signed
    upstream: http://127.0.0.1:{hub}
    access: {{password: kept/users/htpasswd}}
"""
REFUSED = 496


class Start:
    """The first start, on a state folder that is not there yet."""

    name_of, more = "first start", ""

    def __init__(self, house):
        self.hub_port = house.hub_port
        folder = house.folder / type(self).__name__
        folder.mkdir()
        self.house = House(folder, house.binary)
        self.house.passwords.write_text("anna:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n")

    def configure(self, more=""):
        ports = {"https": self.house.https, "hub": self.hub_port}
        self.house.configure(CONFIG.format(more=more, **ports))

    def prepare(self):
        shutil.rmtree(self.house.state, ignore_errors=True)
        self.house.https = free_port()
        self.configure()

    def points(self, log):
        command = trace.tracing(self.house.command("run"), log)
        with subprocess.Popen(command, cwd=self.house.folder, stderr=subprocess.DEVNULL) as traced:
            until(self.house.is_answering, "it answers commands", DEADLINE)
            lines = log.read_text(errors="replace").splitlines()
            subprocess.run(["kill", "-9", lines[0].split()[0]], check=True)
            traced.wait(trace.PATIENCE)
        return trace.found(lines)

    def kill_at(self, point):
        return self.killed(trace.injecting(point, self.house.command("run")), 3)

    def kill_after(self, seconds):
        return self.killed(self.house.command("run"), seconds)

    def killed(self, command, seconds):
        """Says whether it was killed before it did not end by itself."""
        child = subprocess.Popen(
            command, cwd=self.house.folder, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        try:
            return child.wait(seconds) in trace.KILLED
        except subprocess.TimeoutExpired:
            subprocess.run(["kill", "-9", "--", f"-{child.pid}"], check=True)
            child.wait()
            return True

    def check(self):
        until(self.house.are_writers_gone, "the killed process is gone", DEADLINE)
        holds(not self.house.run("check").returncode, "`hubgate check` fails")
        self.house.reports("client", "list")
        shown = self.lives()
        holds(shown == self.lives(), "a restart shows another certificate or has another key")
        left = [file.split(".")[0] for file in self.house.leftovers()]
        holds(not left, f"an unfinished file stays: {left}")

    def lives(self):
        """Starts, serves and ends; tells what has to outlive it."""
        self.house.start()
        with self.house.gate:
            holds(visit(self.house, "phone.test") == REFUSED, "a stranger is not refused")
            with secure(self.house, "phone.test", client_context()) as stream:
                shown = stream.getpeercert(binary_form=True)
            holds(self.house.gate.terminate() == 0, "it does not end in order")
        kept = [*self.house.state.rglob("*.pem"), self.house.state / "session.key"]
        return shown, {str(file): file.read_bytes() for file in kept}


class StartAgain(Start):
    """A start that has to make a certificate anew, over the old one."""

    name_of = "start with another host"

    def prepare(self):
        super().prepare()
        self.lives()
        self.house.https = free_port()
        self.configure(more=", more.test")
