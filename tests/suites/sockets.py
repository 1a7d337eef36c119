"""The connections of a port as the kernel counts them (/proc/net/tcp)."""

import pathlib
import socket
import sys

LISTENING = "0A"
# 127.0.0.1 as the kernel writes it; clients of other addresses may have the same port.
LOCALHOST = f"{int.from_bytes(socket.inet_aton('127.0.0.1'), sys.byteorder):08X}"


def held(port):
    """How many a process still has open."""
    return sum(one["inode"] != "0" for one in connections(port))


def orphaned(port):
    """Bytes of answers to clients that nobody holds any more, but the kernel keeps."""
    return sum(one["unsent"] for one in connections(port) if one["inode"] == "0")


def connections(port):
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1] == f"{LOCALHOST}:{port:04X}" and fields[3] != LISTENING:
            yield {"unsent": int(fields[4].split(":")[0], 16), "inode": fields[9]}
