"""A TLS session by tlslite-ng, and records in it that no honest client sends."""

import contextlib
import select

from tlslite.api import HandshakeSettings, TLSConnection
from tlslite.errors import BaseTLSException
from tlslite.messages import Message

from handshakes.wire import PATIENCE, connection

REQUEST = b"GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"


@contextlib.contextmanager
def session(port, host="localhost", version=(3, 4), chain=None, key=None):
    settings = HandshakeSettings()
    settings.minVersion = settings.maxVersion = version
    # tlslite-ng compresses its certificate when it was not asked to.
    settings.certificate_compression_send = []
    with connection(port) as stream:
        tls = TLSConnection(stream)
        tls.ignoreAbruptClose = True
        tls.handshakeClientCert(chain, key, settings=settings, serverName=host)
        yield tls


def asked(tls, host="localhost"):
    """The status of the answer to a request, or what came instead."""
    try:
        tls.sendall(REQUEST % host.encode())
        received = bytes(tls.read(min=12, max=12))
        return "HTTP " + received[9:12].decode() if received else "closed"
    except BaseTLSException as error:
        return str(error)
    except (ConnectionResetError, BrokenPipeError):
        return "reset"
    except TimeoutError:
        return "left open"


def send(tls, kind, body):
    """One record, as it is."""
    for _ in tls._sendMsg(Message(kind, bytearray(body)), False, False):
        pass


def ended(stream, seconds):
    """Whether the server ends the connection in time, whatever it says before."""
    while select.select([stream], [], [], seconds)[0]:
        try:
            if not stream.recv(65536):
                return True
        except ConnectionResetError:
            return True
    return False


def flood(tls, rounds, one):
    """Does `one` until the server ends the connection, `rounds` times at most; tells the end."""
    stream = tls.sock.socket if hasattr(tls.sock, "socket") else tls.sock
    try:
        for turn in range(rounds):
            one(tls)
            if turn % 20 == 0 and ended(stream, 0):
                return "cut"
        return "waited out" if ended(stream, PATIENCE) else "left open"
    except TimeoutError:
        return "left open"
    # tlslite-ng closes its socket when it reads an alert after a failed write.
    except (BaseTLSException, OSError):
        return "cut"
