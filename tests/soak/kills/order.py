"""`hubgate run` while it gets a certificate from a CA: its journal, account, set and history.

The writes come from whichever thread is free, and strace counts the calls of each; so "before the
n-th call" is one of several places here.
"""

import shutil
import subprocess

from house import House
from kit.ports import free_port
from kit.tls import client_context
from kit.wait import until
from program import DEADLINE, Program
from promise import Broken, holds

from . import trace
from .pebble import Pebble
from .visit import secure

CONFIG = """
listen: {{http: ["127.0.0.1:{http}"], https: ["127.0.0.1:{https}"]}}
state: kept/state
acme: {{directory: "{directory}", root: {root}, challenges: [http-01]}}
sites:
  - hosts: [home.test]
    certificate: acme
    upstream: http://127.0.0.1:{hub}
    access: public
"""
LASTING = {"fsync", "rename", "renameat", "unlink", "unlinkat", "mkdir", "flock"}
ISSUER = b"Pebble Intermediate"
# How long an order may take, also one that was interrupted: a CA that came while hubgate was
# dead is asked again after 30 s.
PATIENCE = 75
# Seconds in which a system call of the order is reached.
REACHED = 6


class FirstOrder:
    """From an empty state to the first certificate."""

    name_of = "first order"

    def __init__(self, house):
        self.hub_port = house.hub_port
        folder = house.folder / type(self).__name__
        folder.mkdir()
        self.house = House(folder, house.binary)
        self.pebble = Pebble(folder / "pebble", self.house.http)

    def end(self):
        self.pebble.end()

    def prepare(self):
        shutil.rmtree(self.house.state, ignore_errors=True)
        self.house.https = free_port()
        self.house.configure(CONFIG.format(
            http=self.house.http, https=self.house.https, hub=self.hub_port,
            directory=self.pebble.directory, root=self.pebble.root,
        ))

    def points(self, log):
        command = trace.tracing(self.house.command("run"), log)
        with Program(command, self.house.folder / "traced", cwd=self.house.folder):
            self.work()
            lines = log.read_text(errors="replace").splitlines()
            subprocess.run(["kill", "-9", lines[0].split()[0]], check=True)
        return trace.of_any_thread(lines, LASTING)

    def work(self):
        """Until the certificate is there."""
        until(self.is_served, "the certificate of the CA is served", PATIENCE)

    def kill_at(self, point):
        return self.killed(trace.injecting(point, self.house.command("run")), REACHED)

    def kill_after(self, seconds):
        return self.killed(self.house.command("run"), seconds)

    def killed(self, command, seconds):
        """Says whether it was killed in its work, not after it."""
        with Program(
            command, self.house.logs / "journal", cwd=self.house.folder, start_new_session=True
        ) as gate:
            try:
                self.work_for(gate, seconds)
                return not self.is_served()
            finally:
                group = ["kill", "-9", "--", f"-{gate.pid}"]
                subprocess.run(group, stderr=subprocess.DEVNULL, check=False)

    def work_for(self, gate, seconds):
        try:
            gate.child.wait(seconds)
        except subprocess.TimeoutExpired:
            pass

    def shown(self):
        try:
            with secure(self.house, "home.test", client_context()) as stream:
                return stream.getpeercert(binary_form=True)
        except OSError:
            return b""

    def is_served(self):
        return ISSUER in self.shown()

    def check(self):
        until(self.house.are_writers_gone, "the killed process is gone", DEADLINE)
        holds(not self.house.run("check").returncode, "`hubgate check` fails")
        self.house.reports("cert", "status")
        self.house.start()
        with self.house.gate:
            self.check_served()
            holds(self.house.gate.terminate() == 0, "it does not end in order")
        left = [file.split(".")[0] for file in self.house.leftovers()]
        holds(not left, f"an unfinished file stays: {left}")

    def check_served(self):
        try:
            self.work()
        except TimeoutError as late:
            status = self.house.must("cert", "status")
            raise Broken(f"{late}: {status.splitlines()[1:]}") from None


class Renewal(FirstOrder):
    """From one certificate to the next; the old one is served until the new one is."""

    name_of = "renewal"

    def __init__(self, house):
        super().__init__(house)
        self.issued = self.house.folder / "issued"
        super().prepare()
        self.house.start()
        with self.house.gate:
            super().work()
            self.house.gate.terminate()
        shutil.copytree(self.house.state, self.issued, ignore=shutil.ignore_patterns("*.sock"))

    def prepare(self):
        super().prepare()
        shutil.copytree(self.issued, self.house.state)

    def work(self):
        until(self.house.is_answering, "hubgate answers commands", DEADLINE)
        self.old = self.shown()
        self.house.must("cert", "renew", "home.test")
        until(lambda: self.shown() != self.old, "the new certificate is served", DEADLINE)

    def work_for(self, gate, seconds):
        until(
            lambda: not gate.is_running() or self.house.is_answering(),
            "hubgate ends or answers commands", DEADLINE,
        )
        self.old = self.shown()
        with Program(self.house.command("cert", "renew", "home.test"), self.house.folder / "renew"):
            super().work_for(gate, seconds)

    def killed(self, command, seconds):
        self.old = b""
        super().killed(command, seconds)
        return True

    def check_served(self):
        holds(self.is_served(), "the old certificate is not served any more")
        try:
            self.work()
        except (TimeoutError, ChildProcessError) as fault:
            raise Broken(f"the next renewal fails: {fault}") from None
