"""A house: a hub, the hubgate before it, its files, and its commands."""

import json
import pathlib
import re
import subprocess

from kit import hub
from kit.ports import free_port
from kit.tls import client_context
from kit.wait import until
from program import DEADLINE, Program
from promise import holds

PATIENCE = 60
HUB = pathlib.Path(__file__).with_name("hub.py")


class House:
    """A folder with `proxy.yaml` and all that it names; hubgate runs in it."""

    def __init__(self, folder, binary, mount=None):
        self.folder, self.binary = folder, pathlib.Path(binary).resolve()
        self.kept, self.logs = folder / "kept", folder / "logs"
        self.state, self.passwords = self.kept / "state", self.kept / "users" / "htpasswd"
        for made in (self.kept, self.logs):
            made.mkdir()
        if mount:
            mount(self.kept, self.logs)
        self.passwords.parent.mkdir()
        self.https, self.http, self.hub_port = free_port(), free_port(), free_port()
        self.gate = self.hub = None

    def configure(self, text):
        whole = self.folder / "proxy.yaml.new"
        whole.write_text(text)
        whole.rename(self.folder / "proxy.yaml")

    def command(self, *arguments):
        """The words of a command line."""
        return [str(self.binary), *map(str, arguments), "--config", str(self.folder / "proxy.yaml")]

    def run(self, *arguments, stdin=None):
        """Runs a command to its end."""
        return subprocess.run(
            self.command(*arguments), input=stdin, capture_output=True, text=True,
            timeout=PATIENCE, check=False,
        )

    def must(self, *arguments, stdin=None):
        """Runs a command that has to succeed; returns what it printed."""
        done = self.run(*arguments, stdin=stdin)
        if done.returncode:
            words = " ".join(map(str, arguments))
            raise ChildProcessError(f"hubgate {words}: {done.stderr.strip()}")
        return done.stdout

    def reports(self, *arguments):
        """Runs a command that reads the state, or has to name what was never made."""
        missing = [
            words for path, words in [
                (self.state, f"{self.state}: no such folder"),
                (self.state / "clients" / "ca.pem", "clients/ca.pem: not there"),
            ] if not path.exists()
        ]
        done = self.run(*arguments)
        names_it = done.returncode == 1 and any(words in done.stderr for words in missing)
        holds(not done.returncode or names_it, f"{arguments}: {done.stderr.strip()}")
        holds(done.returncode or self.state.exists(), f"{arguments}: an empty state is reported")

    def devices(self):
        """Serial numbers of the devices of the register: name and standing."""
        listed = json.loads(self.must("client", "list", "--json"))
        return {it["serial"]: (it["name"], it["standing"]) for it in listed}

    def users(self):
        """The users of the password file, each with what is wrong with its line."""
        listed = json.loads(self.must("user", "list", "--json"))
        return {it["user"]: it["fault"] for it in listed}

    def start_hub(self):
        command = hub.command(HUB, self.hub_port)
        self.hub = Program(command, self.folder / "hub.log", self.hub_port)
        self.hub.wait_until_it_listens()

    def start(self, limits=()):
        """Starts hubgate within limits of prlimit, and waits until it answers commands."""
        command = ["prlimit", *limits, *self.command("run")] if limits else self.command("run")
        self.gate = Program(command, self.logs / "journal", self.https, cwd=self.folder)
        self.gate.wait_until_it_listens()
        until(self.is_answering, "hubgate answers commands", DEADLINE)

    def is_answering(self):
        """Checks whether hubgate answers commands."""
        return self.run("status").returncode == 0

    def leave(self):
        for program in (self.gate, self.hub):
            if program:
                program.kill()

    def are_writers_gone(self):
        """A killed process that nobody has waited for yet passes for one that still writes."""
        writers = (file.split(".")[-2] for file in self.leftovers() if file.endswith(".new"))
        return not any(pathlib.Path("/proc", pid).exists() for pid in writers if pid.isdigit())

    def leftovers(self):
        """Files that were never finished."""
        found = [*self.folder.rglob("*.new"), *self.folder.rglob("*.damaged")]
        return sorted(str(file.relative_to(self.folder)) for file in found)


class Device:
    """A certificate that `client add` gave out, as files that Python reads."""

    def __init__(self, house, folder, printed):
        self.folder = folder
        secret = re.search(r"password +(\S+)", printed)[1]
        (self.file,) = folder.glob("*.p12")
        openssl = ["openssl", "pkcs12", "-in", self.file, "-nodes", "-passin", f"pass:{secret}"]
        self.pem = folder / "device.pem"
        subprocess.run([*openssl, "-out", self.pem], check=True, capture_output=True)
        self.house = house

    def context(self):
        return client_context(certificate=[self.pem])


def enrol(house, name, folder, command="add"):
    """Gives a device its certificate as files."""
    printed = house.must("client", command, name, "--out", folder, "--key", "ec", "--modern")
    return Device(house, folder, printed)
