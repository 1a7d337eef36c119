"""`hubgate client`: the register and the list of revoked certificates."""

import http.client
import itertools

from house import Device, enrol
from promise import holds, in_time

from .visit import visit

# A change is seen within a second.
SEEN = 3
FRESH = itertools.count()


class ClientWrite:
    """A device of its own for each kill; the devices of before must not be touched."""

    stdin = None

    def __init__(self, house):
        self.house = house

    def prepare(self):
        number = next(FRESH)
        self.name = f"phone {number}"
        self.out = self.house.folder / "devices" / str(number)
        self.out.mkdir(parents=True)
        self.set_up()
        self.before = self.house.devices()

    def set_up(self):
        """What has to be there before the command."""

    def give(self, action, folder=None):
        out = self.out / (folder or action)
        return ["client", action, self.name, "--out", out, "--key", "ec", "--modern"]

    def given(self, action):
        """What the command gives when it is called once more, into another folder: the files
        that it had begun are in its way in the first."""
        return Device(self.house, self.out / "again", self.again(*self.give(action, "again")))

    def changed(self):
        """What the register has of the device that it did not have."""
        after = self.house.devices()
        holds(set(self.before) <= set(after), "a device is gone from the register")
        new = {serial: it for serial, it in after.items() if self.before.get(serial) != it}
        return {serial: it for serial, it in new.items() if it[0] == self.name}

    def enters(self, device):
        """What is cut is not let in."""
        try:
            return visit(self.house, "phone.test", device.context()) == 200
        except (OSError, http.client.HTTPException):
            return False

    def again(self, *arguments):
        """The same command must work now."""
        done = self.house.run(*arguments)
        holds(not done.returncode, f"the next command fails: {done.stderr.strip()}")
        return done.stdout


class Add(ClientWrite):
    name_of = "client add"

    def command(self):
        return self.give("add")

    def check(self):
        changed = self.changed()
        holds(list(changed.values()) in ([], [(self.name, "good")]), f"half added: {changed}")
        action = "renew" if changed else "add"
        device = self.given(action)
        in_time(lambda: self.enters(device), "the device enters after the next command", SEEN)


class Renew(ClientWrite):
    name_of = "client renew"

    def set_up(self):
        self.old = enrol(self.house, self.name, self.out / "add")

    def command(self):
        return self.give("renew")

    def check(self):
        changed = self.changed()
        holds(len(changed) <= 1, f"more than one certificate was issued: {changed}")
        holds(self.enters(self.old), "the old certificate is refused before the new one was seen")
        new = self.given("renew")
        in_time(lambda: self.enters(new), "the new certificate enters", SEEN)


class Revoke(ClientWrite):
    name_of = "client revoke"

    def set_up(self):
        self.device = enrol(self.house, self.name, self.out / "add")
        holds(self.enters(self.device), "a new device is refused")

    def command(self):
        return ["client", "revoke", self.name]

    def check(self):
        changed = [standing for _, standing in self.changed().values()]
        holds(changed in ([], ["revoked"]), f"half revoked: {changed}")
        if changed:
            in_time(self.is_refused, "a device that `client list` calls revoked is refused", SEEN)
        else:
            holds(self.enters(self.device), "a device that `client list` calls good is refused")
        self.again("client", "revoke", self.name)
        in_time(self.is_refused, "a revoked device is refused", SEEN)

    def is_refused(self):
        return not self.enters(self.device)


class Import(ClientWrite):
    """Puts a backup back that is older than the devices of now."""

    name_of = "client import"
    stdin = b"correct horse\n"

    def set_up(self):
        self.device = enrol(self.house, self.name, self.out / "add")
        self.backup = self.out / "backup"
        secret = self.stdin.decode() * 2
        self.house.must("client", "export", self.backup, stdin=secret)

    def command(self):
        return ["client", "import", self.backup]

    def check(self):
        holds(not self.changed(), "the import changed what is newer")
        in_time(lambda: self.enters(self.device), "the device enters", SEEN)
        done = self.house.run(*self.command(), stdin=self.stdin.decode())
        holds(not done.returncode, f"the next import fails: {done.stderr.strip()}")
