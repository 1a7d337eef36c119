"""Ports of the loopback interface."""

import socket

LOOPBACK = "127.0.0.1"


def free_port():
    """A port on which no process listens."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return probe.getsockname()[1]


def listens(port):
    """Checks by a connection whether a process listens on the port."""
    try:
        socket.create_connection((LOOPBACK, port), 1).close()
    except OSError:
        return False
    return True
