"""A program that is measured, or that helps to, on cores of its own."""

import os
import pathlib
import time

from kit import process

DEADLINE = 10
# How much slower a program is while its instructions are counted.
COUNTED = 12
# Of a process's clocks in Linux, that of all its threads (CPUCLOCK_SCHED).
SCHEDULER_CLOCK = 2
TICKS = os.sysconf("SC_CLK_TCK")


class Failed(Exception):
    """What ends one measurement of one contestant, and nothing else."""


class Process(process.Process):
    """A program on some cores; ends with its `with` block."""

    # A start is measured as finely as its port is polled.
    deadline, patience, pause = DEADLINE, DEADLINE, 0.001

    def __init__(self, command, cores, log, port, **options):
        pinned = ["taskset", "--cpu-list", ",".join(map(str, cores)), *command]
        super().__init__(pinned, log, port, **options)

    def move(self, cores):
        """Runs it and its children on other cores from now on."""
        for pid in self.tree():
            os.sched_setaffinity(pid, cores)

    def cpu(self):
        """Seconds that it and its children have computed."""
        return sum(map(self._computed, self.tree()))

    def cpu_in_kernel(self):
        """Those of them that it spent in system calls."""
        return sum(map(self._ticks_in_kernel, self.tree())) / TICKS

    @staticmethod
    def _computed(pid):
        """To the nanosecond: clock_getcpuclockid(3), which Python does not have."""
        return time.clock_gettime(~pid << 3 | SCHEDULER_CLOCK)

    @staticmethod
    def _ticks_in_kernel(pid):
        # The name, in parentheses, may contain spaces.
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[12])


class Counted(Process):
    """A program whose instructions in user space valgrind counts."""

    deadline = patience = COUNTED * DEADLINE

    def __init__(self, command, cores, log, port, **options):
        self.counts = pathlib.Path(log).with_name("callgrind")
        self.counts.unlink(missing_ok=True)
        counting = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={self.counts}"]
        super().__init__([*counting, *command], cores, log, port, **options)

    def instructions(self):
        """All that it executed, once it has ended."""
        if self.counts.exists():
            for line in self.counts.read_text().splitlines():
                if line.startswith(("totals:", "summary:")):
                    return int(line.split()[1])
        raise Failed(f"valgrind counted nothing: {self.last_words()}")
