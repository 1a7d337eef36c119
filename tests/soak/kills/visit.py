"""One request over a connection of its own, from an address of its own."""

import base64
import contextlib
import http.client
import itertools
import socket

from kit.tls import client_context

PATIENCE = 10
# Wrong passwords are counted for each address.
ADDRESSES = itertools.cycle(f"127.1.{high}.{low}" for high in range(256) for low in range(1, 255))


def visit(house, host, context=None, login=None):
    """The status that a host of the house answers to."""
    fields = {"Host": host}
    if login:
        fields["Authorization"] = "Basic " + base64.b64encode(":".join(login).encode()).decode()
    caller = http.client.HTTPConnection(host)
    with contextlib.closing(caller):
        caller.sock = secure(house, host, context or client_context())
        caller.request("GET", "/", headers=fields)
        answer = caller.getresponse()
        answer.read()
        return answer.status


def secure(house, host, context):
    """A connection over TLS to a host of the house."""
    stream = socket.create_connection(
        ("127.0.0.1", house.https), PATIENCE, source_address=(next(ADDRESSES), 0)
    )
    return context.wrap_socket(stream, server_hostname=host)
