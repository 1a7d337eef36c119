"""What an anonymous client can make a proxy spend and hold, for each KB that it sends."""

import contextlib
import time

from attacks import floods, guesses, handshakes, heads, paths
from contestants import Setup
from process import Failed
from rows.row import Measurement, Row

# hubgate's cost may be so many times that of NGINX.
GOAL = 3
# As the README sets a site up: a device's certificate or a password.
HOME = Setup(client_certificate=True, password="bcrypt")
WITH_PATHS = Setup(password="bcrypt", paths=True)
LONG_CHAIN, WORST_CHAIN = 100, 7
RSA_4096 = ["rsa:4096"]
# Connections that hold something at the same time.
HELD = 200
# Turns in which the two parts of a difference are measured, so that a machine's drift meets both.
TURNS = 8
KB = 1e3
MICRO_PER_KB = 1e6 * KB
# Until the memory of a proxy no longer changes.
PAUSE, MOST_PAUSES = 0.3, 20


def spent(setup, attack):
    """The CPU time for each KB that an attack sends."""
    def take(stand):
        return [stand.cost(setup, attack) * MICRO_PER_KB]
    return take


def flooded(make):
    """The same for the frames of a flood alone: handshakes and requests have rows of their own."""
    def take(stand):
        proxy = stand.warm(HOME)
        turn = stand.seconds / TURNS
        taken = [
            [measured(proxy, attack, turn) for attack in (floods.begun, floods.flood(make))]
            for _ in range(TURNS)
        ]
        (begun_cpu, begun, begun_sent), (cpu, connections, sent) = map(sums, zip(*taken))
        share = connections / begun
        return [(cpu - share * begun_cpu) / (sent - share * begun_sent) * MICRO_PER_KB]
    return take


def sums(measurements):
    return [sum(figures) for figures in zip(*measurements)]


def measured(proxy, attack, seconds):
    before = proxy.cpu()
    connections, sent = attack(proxy.port, seconds)
    return proxy.cpu() - before, connections, sent


def with_maze(attack, *maze):
    made = {}

    def take(stand):
        keys = stand.house.keys
        if "chain" not in made:
            made["chain"] = keys.maze(*maze)
        return [stand.cost(HOME, attack(made["chain"])) * MICRO_PER_KB]
    return take


def held(hold):
    """The bytes of memory that each byte of an attack holds."""
    def take(stand):
        proxy = stand.fresh(HOME)
        handshakes.full(proxy.port, 0.2)
        before = proxy.rss()
        with contextlib.ExitStack() as kept:
            connections = [hold(kept, proxy.port) for _ in range(HELD)]
            grown = max(0, settled(proxy) - before)
            sent = sum(connection.sent() for connection in connections if connection)
        if not sent:
            raise Failed("no connection was taken")
        return [grown / sent]
    return take


def settled(proxy):
    """The memory once it no longer grows: what is being decoded counts."""
    most = 0
    for _ in range(MOST_PAUSES):
        time.sleep(PAUSE)
        now = proxy.rss()
        if now <= most:
            break
        most = now
    return most


def cpu(key, title, take):
    return Measurement((Row(key, f"CPU: {title}, µs/KB", GOAL),), take)


def memory(key, title, hold):
    return Measurement((Row(key, f"memory: {title}, bytes/byte", GOAL),), held(hold), once=True)


ATTACKS = [
    cpu("hello", "a part of a ClientHello", spent(HOME, handshakes.begun)),
    cpu("handshake", "handshakes without a request", spent(HOME, handshakes.full)),
    cpu("chain", f"handshakes with a chain of {LONG_CHAIN} CAs",
        with_maze(handshakes.with_chain, LONG_CHAIN)),
    cpu("rsa-chain", f"handshakes with {WORST_CHAIN} CAs of RSA-4096",
        with_maze(handshakes.with_chain, WORST_CHAIN, RSA_4096)),
    cpu("chain-requests", f"1,500 requests on a connection with {LONG_CHAIN} CAs",
        with_maze(handshakes.requests_with_chain, LONG_CHAIN)),
    cpu("h1-heads", "HTTP/1.1 heads of 16 KB", spent(HOME, heads.http1)),
    cpu("h2-heads", f"HTTP/2 heads of {heads.FEW} fields",
        spent(HOME, heads.http2_repeated(heads.FEW))),
    cpu("h2-many", f"HTTP/2 heads of {heads.MANY:,} fields",
        spent(HOME, heads.http2_repeated(heads.MANY))),
    cpu("guesses", "wrong passwords from one address", spent(HOME, guesses.wrong_passwords)),
    cpu("guesses-many", "wrong passwords, each connection from another address",
        spent(HOME, guesses.wrong_passwords_from_everywhere)),
    cpu("paths", "paths of 3.6 KB that can be read in many ways", spent(WITH_PATHS, paths.hard)),
    *(
        cpu(f"flood-{number}", f"HTTP/2 flood of {name}", flooded(make))
        for number, (name, make) in enumerate(floods.FLOODS.items(), 1)
    ),
    memory("held-handshake", "after a handshake", heads.hold_handshake),
    memory("held-h1", "60 KB of an HTTP/1.1 head", heads.hold_half_head),
    memory("held-h2", f"HTTP/2 heads of {heads.FEW} fields, no window",
           lambda kept, port: heads.hold_streams(kept, port, heads.FEW)),
    memory("held-h2-many", f"HTTP/2 heads of {heads.MANY:,} fields, no window",
           lambda kept, port: heads.hold_streams(kept, port, heads.MANY)),
]
