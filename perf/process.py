"""A program that is measured, or that helps to: started, looked at, ended."""

import os
import pathlib
import socket
import subprocess
import time

DEADLINE = 10
# How much slower a program is while its instructions are counted.
COUNTED = 12
# Between two looks at a program that starts; as fine as its start is measured.
PAUSE = 0.001
# Of a process's clocks in Linux, that of all its threads (CPUCLOCK_SCHED).
SCHEDULER_CLOCK = 2
TICKS = os.sysconf("SC_CLK_TCK")


class Failed(Exception):
    """What ends one measurement of one contestant, and nothing else."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """A program on some cores; ends with its `with` block."""

    deadline = DEADLINE

    def __init__(self, command, cores, log, port, **environment):
        pinned = ["taskset", "--cpu-list", ",".join(map(str, cores)), *command]
        self.log = log
        self.port = port
        with open(log, "wb") as output:
            self.child = subprocess.Popen(
                pinned, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                env=os.environ | environment,
            )

    def __enter__(self):
        try:
            self.wait_until_it_listens()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_):
        self.end()

    def wait_until_it_listens(self):
        limit = time.monotonic() + self.deadline
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if self.child.poll() is not None or time.monotonic() > limit:
                    raise Failed(f"not started: {self.last_words()}") from None
            time.sleep(PAUSE)

    def last_words(self):
        """The end of what it printed."""
        return pathlib.Path(self.log).read_text(errors="replace")[-500:].strip()

    def end(self):
        self.child.terminate()
        try:
            self.child.wait(self.deadline)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()

    def move(self, cores):
        """Runs it and its children on other cores from now on."""
        for pid in self._tree():
            os.sched_setaffinity(pid, cores)

    def cpu(self):
        """Seconds that it and its children have computed."""
        return sum(map(self._computed, self._tree()))

    def cpu_in_kernel(self):
        """Those of them that it spent in system calls."""
        return sum(map(self._ticks_in_kernel, self._tree())) / TICKS

    def rss(self):
        """Bytes of memory that it and its children hold."""
        return sum(self._resident(pid) for pid in self._tree())

    def _tree(self):
        pids = [self.child.pid]
        for pid in pids:
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
                pids += map(int, (task / "children").read_text().split())
        return pids

    @staticmethod
    def _computed(pid):
        """To the nanosecond: clock_getcpuclockid(3), which Python does not have."""
        return time.clock_gettime(~pid << 3 | SCHEDULER_CLOCK)

    @staticmethod
    def _ticks_in_kernel(pid):
        # The name, in parentheses, may contain spaces.
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[12])

    @staticmethod
    def _resident(pid):
        for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Rss:"):
                return int(line.split()[1]) * 1024
        raise Failed(f"process {pid} has no memory")


class Counted(Process):
    """A program whose instructions in user space valgrind counts."""

    deadline = COUNTED * DEADLINE

    def __init__(self, command, cores, log, port, **environment):
        self.counts = pathlib.Path(log).with_name("callgrind")
        self.counts.unlink(missing_ok=True)
        counting = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={self.counts}"]
        super().__init__([*counting, *command], cores, log, port, **environment)

    def instructions(self):
        """All that it executed, once it has ended."""
        if self.counts.exists():
            for line in self.counts.read_text().splitlines():
                if line.startswith(("totals:", "summary:")):
                    return int(line.split()[1])
        raise Failed(f"valgrind counted nothing: {self.last_words()}")
