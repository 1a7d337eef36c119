"""Figures of a process, read from /proc."""

import os
import pathlib

KB = 1024


def tree(pid):
    """The process and its descendants."""
    pids = [pid]
    for one in pids:
        for task in pathlib.Path(f"/proc/{one}/task").iterdir():
            pids += map(int, (task / "children").read_text().split())
    return pids


def resident(pid):
    """Bytes of resident memory (RSS)."""
    return size(pid, "smaps_rollup", "Rss:")


def data(pid):
    """Bytes of memory under RLIMIT_DATA, the limit of prlimit's --data."""
    return size(pid, "status", "VmData:")


def size(pid, file, name):
    """Bytes of a line in kB; raises ProcessLookupError for a process without memory."""
    for line in pathlib.Path(f"/proc/{pid}/{file}").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * KB
    raise ProcessLookupError(f"process {pid} has no memory")


def descriptors(pid):
    """The number of open files and sockets."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def is_alive(pid):
    """False for a zombie too."""
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"
