"""Kills one write after the other: first before each of its system calls, then at random."""

import collections
import contextlib
import random
import sys
import time

from house import House
from promise import Broken, holds

from . import device, order, replace, start, trace, user

ACTIONS = [
    device.Add, device.Renew, device.Revoke, device.Import,
    user.Add, user.Passwd, user.Del, replace.Replace,
    start.Start, start.StartAgain, order.FirstOrder, order.Renewal,
]
# How much longer than its usual time a command may run before it is killed.
LONGER = 1.05


class Loop:
    """Counts for each action: kills, those that came in time, and losses."""

    def __init__(self, house, seed):
        self.house, self.random = house, random.Random(seed)
        self.counts = collections.defaultdict(collections.Counter)
        self.losses = collections.Counter()
        self.shown = {}

    def run(self, kills):
        with contextlib.ExitStack() as stack:
            self.kill_all(kills, [Action(kind(self.house), self.house, stack) for kind in ACTIONS])
        self.check_leftovers()

    def kill_all(self, kills, actions):
        planned = [(action, point) for action in actions for point in action.points]
        self.random.shuffle(planned)
        print(f"{len(planned)} points before a system call", file=sys.stderr)
        for number in range(kills):
            action, point = planned[number] if number < len(planned) else self.at_random(actions)
            self.kill(action, point)
            if number % 50 == 49:
                print(f"{number + 1} kills, {self.losses.total()} losses", file=sys.stderr)

    def at_random(self, actions):
        action = self.random.choice(actions)
        return action, self.random.uniform(0, action.seconds * LONGER)

    def kill(self, action, point):
        count, name = self.counts[action.name], action.name
        try:
            count["at random" if isinstance(point, float) else "before a call"] += 1
            count["came in time"] += action.kill(point)
            action.check()
        except (Broken, OSError, ChildProcessError, TimeoutError) as loss:
            count["losses"] += 1
            self.lose(f"{name}: {loss}", point)

    def lose(self, what, point):
        self.losses[what] += 1
        self.shown.setdefault(what, point)

    def check_leftovers(self):
        """Nothing may pile up over restarts and further commands."""
        try:
            self.house.gate.terminate()
            self.house.start()
            self.house.must("user", "add", "last", stdin="last\n")
            found = self.house.leftovers()
            holds(not found, f"{len(found)} unfinished files stay for ever, such as {found[:3]}")
        except (Broken, OSError, ChildProcessError, TimeoutError) as loss:
            self.lose(str(loss), "the end")

    def report(self):
        columns = ["before a call", "at random", "came in time", "losses"]
        print("| write |", " | ".join(columns), "|")
        print("|---|" + "---:|" * len(columns))
        for name, count in self.counts.items():
            print(f"| {name} |", " | ".join(str(count[it]) for it in columns), "|")
        for what, times in self.losses.items():
            print(f"LOST {times} times, first {self.shown[what]}: {what}")


class Action:
    """A write: where it can be killed, how long it takes, and what must hold then."""

    def __init__(self, write, house, stack):
        stack.callback(getattr(write, "end", lambda: None))
        self.write, self.house, self.name = write, house, write.name_of
        write.prepare()
        began = time.monotonic()
        log = house.folder / "trace"
        self.points = write.points(log) if self.is_run else self.traced(log)
        write.check()
        self.seconds = (time.monotonic() - began) if self.is_run else self.timed()

    @property
    def is_run(self):
        """Whether hubgate itself is killed, and not a command beside it."""
        return not hasattr(self.write, "command")

    def command(self):
        return self.write.house.command(*self.write.command())

    def traced(self, log):
        return trace.points(self.command(), log, self.write.stdin)

    def timed(self):
        """How long the command takes when nobody traces it."""
        self.write.prepare()
        began = time.monotonic()
        trace.killed_after(trace.PATIENCE, self.command(), self.write.stdin)
        seconds = time.monotonic() - began
        self.write.check()
        return seconds

    def kill(self, point):
        self.write.prepare()
        at = not isinstance(point, float)
        if self.is_run:
            return self.write.kill_at(point) if at else self.write.kill_after(point)
        kill = trace.killed_at if at else trace.killed_after
        return kill(point, self.command(), self.write.stdin)

    def check(self):
        self.write.check()
        done = self.house.run("check")
        holds(not done.returncode, f"`hubgate check` fails: {done.stderr.strip()}")
        holds(self.house.gate.is_running(), "the running hubgate ended")


def run(options, folder):
    """Runs the loop; returns whether nothing was lost."""
    house = House(folder, options.binary)
    house.passwords.write_text("# openHABian's\nkeeper:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n")
    ports = {"https": house.https, "hub": house.hub_port}
    house.configure(start.CONFIG.format(more="", **ports))
    loop = Loop(house, options.seed)
    try:
        house.start_hub()
        house.start()
        loop.run(options.kills)
    finally:
        house.leave()
    loop.report()
    return not loop.losses
