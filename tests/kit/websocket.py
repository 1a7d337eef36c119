"""The opening handshake and the frames of WebSocket (RFC 6455); each message is one frame."""

import base64
import hashlib
import os

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def key():
    """A Sec-WebSocket-Key."""
    return base64.b64encode(os.urandom(16))


def accept(value):
    """The Sec-WebSocket-Accept for a Sec-WebSocket-Key."""
    return base64.b64encode(hashlib.sha1(value + GUID).digest())


def frame(opcode, payload, mask=None):
    """The bytes of a frame; clients mask theirs."""
    bit, size = (0x80 if mask else 0), len(payload)
    if size < 126:
        head = bytes([0x80 | opcode, bit | size])
    elif size < 1 << 16:
        head = bytes([0x80 | opcode, bit | 126]) + size.to_bytes(2, "big")
    else:
        head = bytes([0x80 | opcode, bit | 127]) + size.to_bytes(8, "big")
    return head + (mask + masked(payload, mask) if mask else payload)


async def receive(reader):
    """The opcode and the payload of the next frame."""
    first, second = await reader.readexactly(2)
    size = second & 0x7F
    if size > 125:
        size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8), "big")
    mask = await reader.readexactly(4) if second & 0x80 else None
    payload = await reader.readexactly(size)
    return first & 0x0F, masked(payload, mask) if mask else payload


def masked(payload, mask):
    repeated = (mask * (len(payload) // 4 + 1))[:len(payload)]
    whole = int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")
    return whole.to_bytes(len(payload), "big")
