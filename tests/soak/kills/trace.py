"""The system calls of a command's writes, and a command killed before the n-th of them."""

import collections
import dataclasses
import re
import signal
import subprocess

# What changes a file, a lock or a socket; between two of these the disk stays as it is.
WRITES = {
    "openat", "write", "pwrite64", "writev", "sendto", "fsync", "fdatasync", "ftruncate", "flock",
    "rename", "renameat", "renameat2", "link", "linkat", "symlink", "unlink", "unlinkat",
    "mkdir", "mkdirat", "chmod", "fchmod", "fchmodat", "chown", "fchown", "fchownat",
    "bind", "connect", "exit_group",
}
CALL = re.compile(r"^(\d+) +(\w+)\((.*)")
PATIENCE = 60
# How strace and subprocess tell of a process that was killed.
KILLED = (-signal.SIGKILL, 128 + signal.SIGKILL)


@dataclasses.dataclass(frozen=True)
class Point:
    """Before the n-th call of that name, the process is killed."""

    call: str
    number: int
    shown: str

    def __str__(self):
        return f"before {self.call} {self.number} ({self.shown})"


def points(command, log, stdin=None):
    """Runs the command to its end, and tells where it can be killed on its way."""
    done = subprocess.run(
        tracing(command, log), input=stdin, capture_output=True, timeout=PATIENCE, check=False
    )
    if done.returncode:
        raise ChildProcessError(f"{command}: {done.stderr.decode()}")
    return found(log.read_text(errors="replace").splitlines())


def tracing(command, log):
    """The command under a trace of what it writes."""
    return ["strace", "-f", "-qq", "-o", log, "-e", f"trace={','.join(sorted(WRITES))}", *command]


def found(lines):
    """The calls that change something, each with its number among those of its thread.

    The first thread that comes to the number is killed: a command works in a thread of its own.
    """
    counts, calls = collections.Counter(), {}
    for line in lines:
        if not (call := CALL.match(line)):
            continue
        thread, name, arguments = call.groups()
        counts[thread, name] += 1
        number = counts[thread, name]
        if name != "openat" or "O_CREAT" in arguments:
            calls.setdefault((name, number), Point(name, number, arguments[:90]))
    return list(calls.values())


def of_any_thread(lines, names):
    """As many numbers of these calls as any thread may come to."""
    counts = collections.Counter(call[2] for line in lines if (call := CALL.match(line)))
    numbers = ((name, number + 1) for name in sorted(names) for number in range(counts[name]))
    return [Point(name, number, "of a thread") for name, number in numbers]


def killed_at(point, command, stdin=None):
    """Runs the command until that point; says whether it came there."""
    done = subprocess.run(
        injecting(point, command), input=stdin, capture_output=True, timeout=PATIENCE, check=False
    )
    return done.returncode in KILLED


def injecting(point, command):
    """The command, killed when it comes to the point."""
    inject = f"inject={point.call}:signal=KILL:when={point.number}"
    traced = ["strace", "-f", "-qq", "-o", "/dev/null"]
    return [*traced, "-e", f"trace={point.call}", "-e", inject, *command]


def killed_after(seconds, command, stdin=None):
    """Runs the command for so long; says whether it was still under way."""
    child = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        child.communicate(stdin, timeout=seconds)
        return False
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
        return True
    finally:
        child.stdin.close()
