"""`hubgate user`: the password file, of which all other lines stay as they are."""

import itertools

from promise import Broken, holds, in_time

from .visit import visit

# A change is seen within a second; a user with 20 wrong passwords has to wait.
SEEN, PAUSE = 3, 0.4
FRESH = itertools.count()
FIRST, SECOND = "first secret", "second secret"


class UserWrite:
    """A user of its own for each kill, beside those of before."""

    new, answered = FIRST, ()

    def __init__(self, house):
        self.house = house

    @property
    def stdin(self):
        return f"{self.new}\n".encode()

    def prepare(self):
        self.user = f"user{next(FRESH)}"
        self.set_up()
        self.others = self.lines()

    def set_up(self):
        self.house.must("user", "add", self.user, stdin=f"{FIRST}\n")

    def lines(self):
        lines = self.house.passwords.read_text().splitlines()
        return [line for line in lines if not line.startswith(f"{self.user}:")]

    def command(self):
        return ["user", self.action, self.user]

    def check(self):
        users = self.house.users()
        holds(self.lines() == self.others, "a line of somebody else was changed")
        holds(not any(users.values()), f"a line is damaged: {users}")
        holds(self.user in users or self.may_be_gone, "the user is gone")
        self.check_logins(self.user in users)
        if self.expected_next(self.user in users):
            done = self.house.run(*self.command(), stdin=self.stdin.decode())
            holds(not done.returncode, f"the next command fails: {done.stderr.strip()}")
        self.check_end()

    def enters(self, secret):
        self.answered.append(visit(self.house, "word.test", login=(self.user, secret)))
        return self.answered[-1] == 200

    def in_time(self, condition, what):
        self.answered = []
        try:
            in_time(condition, what, SEEN, PAUSE)
        except Broken as late:
            raise Broken(f"{late}, but {self.answered}") from None


class Add(UserWrite):
    name_of, action, may_be_gone = "user add", "add", True

    def set_up(self):
        pass

    def expected_next(self, there):
        return not there

    def check_logins(self, there):
        if there:
            self.in_time(lambda: self.enters(FIRST), "the user who was added enters")

    def check_end(self):
        self.in_time(lambda: self.enters(FIRST), "the user enters")
        self.house.must("user", "del", self.user)


class Passwd(UserWrite):
    name_of, action, may_be_gone, new = "user passwd", "passwd", False, SECOND

    def expected_next(self, there):
        return there

    def check_logins(self, _):
        either = "the user enters with the old or the new password"
        self.in_time(lambda: self.enters(FIRST) or self.enters(SECOND), either)

    def check_end(self):
        self.in_time(lambda: self.enters(SECOND), "the user enters with the new password")
        self.house.must("user", "del", self.user)


class Del(UserWrite):
    name_of, action, may_be_gone = "user del", "del", True

    def expected_next(self, there):
        return there

    def check_logins(self, there):
        if there:
            self.in_time(lambda: self.enters(FIRST), "the user who was not deleted enters")

    def check_end(self):
        holds(self.user not in self.house.users(), "the user is there still")
        self.in_time(lambda: not self.enters(FIRST), "the user who was deleted is refused")
