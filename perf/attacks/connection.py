"""A connection that knows how many bytes it sent, and expects to be cut."""

import socket
import ssl
import struct

from kit.tls import connect
from loads import SLACK

# Offset of tcpi_bytes_acked in Linux's struct tcp_info, and its size.
BYTES_ACKED = 120
TCP_INFO_SIZE = 128
# How a client notices that the proxy cut its connection.
CUT = (ConnectionError, ssl.SSLError, TimeoutError, OSError)


class Connection:
    """TCP, and TLS where a context is given; closes with its `with` block."""

    def __init__(self, port, tls=None, source="127.0.0.1", timeout=SLACK):
        self.tcp = connect(port, timeout, source)
        self.stream = self.tcp
        if tls:
            # The descriptor of the TCP socket moves into the TLS socket.
            self.stream = tls.wrap_socket(self.tcp, server_hostname="localhost")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stream.close()

    def send(self, data):
        self.stream.sendall(data)

    def receive(self):
        """Some bytes; none at the end."""
        return self.stream.recv(65536)

    def try_send(self, data):
        """Whether the connection still took the data."""
        try:
            self.send(data)
        except CUT:
            return False
        return True

    def drain(self):
        """The bytes that have come, without waiting for more."""
        self.stream.settimeout(0)
        come = b""
        try:
            while some := self.receive():
                come += some
        except CUT:
            pass
        finally:
            self.stream.settimeout(SLACK)
        return come

    def sent(self):
        """Bytes that the kernel of the proxy has acknowledged."""
        info = self.stream.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_SIZE)
        return struct.unpack_from("Q", info, BYTES_ACKED)[0]
