"""TLS of a test client, and its TCP connection."""

import socket
import ssl

from kit.ports import LOOPBACK


def client_context(protocol=None, certificate=None):
    """Accepts any server; offers one protocol (ALPN) and shows a certificate, if given.

    `certificate` is the arguments of `load_cert_chain`.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if protocol:
        context.set_alpn_protocols([protocol])
    if certificate:
        context.load_cert_chain(*certificate)
    return context


def connect(port, timeout, source=None):
    """A TCP connection, from the address if given, that sends each write at once."""
    address = (source, 0) if source else None
    stream = socket.create_connection((LOOPBACK, port), timeout, address)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return stream
