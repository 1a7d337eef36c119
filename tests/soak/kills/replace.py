"""`hubgate client import --replace`: another client CA in the place of the one that is there."""

import shutil

from kit.wait import until
from program import DEADLINE
from promise import holds

from .start import Start


class Replace(Start):
    """No hubgate runs meanwhile; one must start after it, with the CA of before or the other."""

    name_of = "client import --replace"
    stdin = b"correct horse\n"

    def __init__(self, house):
        super().__init__(house)
        self.backup = self.house.folder / "backup"
        self.issued = self.house.folder / "issued"
        super().prepare()
        self.lives()
        self.house.must("client", "export", self.backup, stdin=self.stdin.decode() * 2)
        self.other = self.ca()
        super().prepare()
        self.lives()
        self.before = self.ca()
        shutil.copytree(self.house.state, self.issued, ignore=shutil.ignore_patterns("*.sock"))

    def prepare(self):
        super().prepare()
        shutil.copytree(self.issued, self.house.state)

    def command(self):
        return ["client", "import", self.backup, "--replace"]

    def ca(self):
        return (self.house.state / "clients" / "ca.pem").read_bytes()

    def check(self):
        until(self.house.are_writers_gone, "the killed process is gone", DEADLINE)
        self.house.must("check")
        self.lives()
        holds(self.ca() in (self.before, self.other), "the CA is neither the old nor the new one")
        self.house.must(*self.command(), stdin=self.stdin.decode())
        holds(self.ca() == self.other, "the next import does not bring the CA")
        self.lives()
