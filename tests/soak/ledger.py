"""What was asked and what came of it, and when something may fail, with the reason."""

import collections
import contextlib
import sys
import time

# How long after its end a trouble still explains what fails.
GRACE = 1.5
# What no trouble explains: without descriptors nothing new can be had, but what is there goes on.
UNEXPLAINED = {("cut", "descriptors")}
SHOWN, SAID = 20, 110


class Wrong(Exception):
    """An answer that is not the right one, in a sentence."""


class Refused(Wrong):
    """A whole answer that says that the hub cannot be had now."""


class Ledger:
    """Counts for each kind of caller, losses, and windows of trouble."""

    def __init__(self):
        self.began = time.monotonic()
        self.counts = collections.defaultdict(collections.Counter)
        self.faults, self.told = collections.Counter(), collections.Counter()
        self.losses = []
        self.windows = []

    @contextlib.asynccontextmanager
    async def trouble(self, reason):
        """Inside of this and a little longer, the reason explains a failure."""
        window = [reason, time.monotonic(), float("inf")]
        self.windows.append(window)
        try:
            yield
        finally:
            window[2] = time.monotonic() + GRACE

    def explains(self, since, reasons, how):
        """Which of the reasons, if any, was there between then and now, and does such harm."""
        there = (it for it, begin, end in self.windows if it in reasons and end > since)
        return next((it for it in there if (how, it) not in UNEXPLAINED), None)

    def right(self, kind, what="right"):
        self.counts[kind][what] += 1

    def fault(self, name):
        self.faults[name] += 1

    def lose(self, kind, what):
        self.counts[kind]["lost"] += 1
        self.losses.append(f"{time.monotonic() - self.began:.1f} s: {kind}: {what}")
        print("LOST", self.losses[-1], file=sys.stderr)

    async def judge(self, caller):
        """Counts a visit; returns whether it was answered rightly."""
        caller.since = time.monotonic()
        try:
            await caller.visit()
        except Exception as failed:
            self.judge_failure(caller, failed)
            return False
        self.right(caller.kind)
        return True

    def judge_failure(self, caller, failed):
        """Since the caller got on for the last time, there must have been a reason."""
        how = "refused" if isinstance(failed, Refused) else "cut"
        reason = self.explains(caller.since, caller.reasons, how)
        if not reason:
            idle = time.monotonic() - caller.since
            return self.lose(caller.kind, f"{failed!r} after {idle:.2f} s")
        self.right(caller.kind, f"{how}: {reason}")
        self.told[f"{caller.kind}, {how}: {reason}: {failed!r}"[:SAID]] += 1
        return None

    def progress(self):
        right = sum(count["right"] for count in self.counts.values())
        minutes = (time.monotonic() - self.began) / 60
        return f"{minutes:.0f} minutes, {self.faults.total()} faults, {right} right answers"

    def report(self):
        columns = sorted({what for count in self.counts.values() for what in count} - {"right"})
        columns = ["right", *columns]
        print("| caller |", " | ".join(columns), "|")
        print("|---|" + "---:|" * len(columns))
        for kind, count in sorted(self.counts.items()):
            print(f"| {kind} |", " | ".join(str(count[it]) for it in columns), "|")
        came = (f"{name} {count}" for name, count in sorted(self.faults.items()))
        print("\nfaults:", ", ".join(came))
        for what, times in self.told.most_common(SHOWN):
            print(f"explained, {times} times: {what}")
        for loss in self.losses[:SHOWN]:
            print("LOST", loss)
        if len(self.losses) > SHOWN:
            print(f"LOST and {len(self.losses) - SHOWN} more")
