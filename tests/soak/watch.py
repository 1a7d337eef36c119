"""What the processes hold, once a second, and what they say."""

import asyncio
import os
import statistics
import sys
import time

from kit.procfs import descriptors, is_alive, resident

# Bytes of a log beyond which it is emptied, as logrotate's copytruncate would.
LONGEST = 2_000_000
# What memory may grow by between a process's first tenth and its end.
GROWTH, SLACK = 1.25, 4 << 20
# Lines of the table, characters of what the journal says, seconds between two signs of life.
LINES, SAID, TOLD = 24, 90, 60


class Watch:
    """The process that serves, those before it, and their journal."""

    def __init__(self, house, ledger):
        self.house, self.ledger = house, ledger
        self.pid = house.gate.pid
        self.old, self.samples = set(), []
        self.read, self.errors, self.callers_left = 0, {}, float("inf")

    def succeeded(self, pid):
        """Another process serves now."""
        self.old.add(self.pid)
        self.pid = pid

    async def live(self):
        while True:
            self.look()
            if len(self.samples) % TOLD == 0:
                print(self.ledger.progress(), file=sys.stderr)
            await asyncio.sleep(1)

    def look(self):
        self.old = {pid for pid in self.old if is_alive(pid)}
        try:
            sample = (time.monotonic(), self.pid, resident(self.pid), descriptors(self.pid))
            self.samples.append((*sample, len(self.old)))
        except (OSError, ProcessLookupError):
            if not self.ledger.explains(time.monotonic(), ["memory"], "gone"):
                self.ledger.lose("hubgate", f"process {self.pid} is gone")
        self.read_journal()
        self.shorten(f"{self.house.gate.log}.out")

    def read_journal(self):
        with open(self.house.gate.log, "rb") as journal:
            journal.seek(self.read)
            lines = journal.read().decode(errors="replace").splitlines()
            self.read = journal.tell()
        for line in lines:
            self.take(line)
        if self.read > LONGEST:
            self.shorten(self.house.gate.log)
            self.read = 0

    def take(self, line):
        if "panicked at" in line:
            self.ledger.lose("hubgate", line)
        if " ERROR " in line:
            said = line.partition(" ERROR ")[2].replace(f"{self.house.folder}/", "")[:SAID]
            self.errors[said] = self.errors.get(said, 0) + 1

    def shorten(self, log):
        if os.path.getsize(log) > LONGEST:
            os.truncate(log, 0)

    def judge_memory(self):
        """The memory of the last process at its end, against that after its first tenth."""
        mine = [it for it in self.samples if it[1] == self.pid and it[0] < self.callers_left]
        tenth = max(len(mine) // 10, 1)
        early = statistics.median(sample[2] for sample in mine[tenth:2 * tenth] or mine)
        late = statistics.median(sample[2] for sample in mine[-tenth:])
        if late > early * GROWTH + SLACK:
            grown = f"memory grew from {early / 1e6:.1f} to {late / 1e6:.1f} MB"
            self.ledger.lose("hubgate", grown)
        return early, late, mine[-1][0] - mine[0][0]

    def report(self):
        early, late, seconds = self.judge_memory()
        print("\n| at, s | process | RSS, MB | descriptors | processes that end |")
        print("|---:|---:|---:|---:|---:|")
        for at, pid, rss, fds, old in self.samples[::max(len(self.samples) // LINES, 1)]:
            print(f"| {at - self.ledger.began:.0f} | {pid} | {rss / 1e6:.1f} | {fds} | {old} |")
        print(f"\nThe last process served {seconds:.0f} s: RSS {early / 1e6:.1f} MB after its first "
              f"tenth, {late / 1e6:.1f} MB at its end.")
        for said, times in self.errors.items():
            print(f"journal, {times} times: {said}")
