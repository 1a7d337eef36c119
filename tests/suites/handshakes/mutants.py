"""Good ClientHellos with some bytes changed at random: whatever comes of them, they end."""

import random

from handshakes.client_hello import hello
from handshakes.wire import HANDSHAKE, REFUSED, SERVED, outcome, record

SEED = 8446
HOW_MANY = 1500
ANYTHING = REFUSED | SERVED | {"HelloRetryRequest"} | {f"alert {code}" for code in range(256)}


def cases():
    chance = random.Random(SEED)
    for turn in range(HOW_MANY):
        body = bytearray(hello())
        for _ in range(chance.randint(1, 6)):
            body[chance.randrange(1, len(body))] = chance.randrange(256)
        if chance.random() < 0.2:
            cut = chance.randrange(4, len(body))
            del body[cut:cut + chance.randint(1, 40)]
        yield f"number {turn}", play(record(HANDSHAKE, bytes(body))), ANYTHING


def play(sent):
    return lambda gate: outcome(gate.port, sent)


CASES = list(cases())
