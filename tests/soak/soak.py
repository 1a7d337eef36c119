"""Traffic of all kinds, one fault after the other, and the account at the end."""

import asyncio
import base64
import contextlib
import json
import logging
import random
import ssl
import subprocess
import sys
import time

from certificate import Root
from faults import configuration, files, hub, resources
from house import House, enrol
from kit.limits import allow_many_descriptors
from kit.procfs import descriptors
from kit.tls import client_context
from ledger import Ledger
from promise import Broken, eventually
from traffic import callers, http1, streams
from watch import Watch

CONFIG = """
listen: {{http: [], https: ["127.0.0.1:{https}"]}}
state: kept/state
sites:
  - hosts: [home.test]
    certificate: {{chain: home.pem, key: home.key}}
    upstream: http://127.0.0.1:{hub}
    access: public
    headers: {{X-Variant: "{variant}"}}
  - hosts: [word.test]
    certificate: self-signed
    upstream: http://127.0.0.1:{hub}
    access: {{password: kept/users/htpasswd}}
  - hosts: [phone.test]
    certificate: self-signed
    upstream: http://127.0.0.1:{hub}
    access: {{client_certificate: own}}
limits: {{idle: {idle}s}}
log: {{access: {log}}}
"""
CALLERS = {
    callers.Http1: 5, callers.Http2: 3, callers.Upload: 2, callers.SlowHub: 2,
    callers.SlowReader: 1, callers.Password: 2, callers.Device: 2,
    streams.WebSocket: 4, streams.Events: 3,
}
FAULTS = [
    configuration.reload, configuration.broken_reload,
    configuration.hand_over, configuration.hand_over, configuration.hand_over,
    files.swap_certificate, files.revoke_device, files.passwords, files.rewrite_passwords,
    resources.full_state, resources.full_log, resources.no_descriptors, resources.crowd,
    resources.unread, resources.no_memory, hub.restart_hub,
]
# Seconds between two faults; after which part of the time the process stays, and what changes it.
BETWEEN, LAST_CHANGE = (1, 4), 0.4
CHANGES = {configuration.hand_over, resources.no_memory}
# What hubgate may use: bytes of data, and descriptors; small file systems in bytes.
MEMORY, DESCRIPTORS, KEPT, LOGS = 256 << 20, 4096, 2 << 20, 6 << 20
# Idle connections to the hub are kept for a minute.
REST, SPARE = 100, 3


class Soak:
    """What callers and faults share."""

    def __init__(self, house, seed):
        self.house, self.random = house, random.Random(seed)
        self.ledger, self.stopping = Ledger(), asyncio.Event()
        self.variant, self.numbers, self.idle, self.descriptors = 0, 0, 0, DESCRIPTORS
        self.memory = MEMORY
        self.context = client_context()
        self.root = Root(house.folder / "root")
        self.probe_again()

    def configure(self):
        self.house.configure(CONFIG.format(
            https=self.house.https, hub=self.house.hub_port, variant=self.variant,
            idle=self.random.choice([60, 75]), log=self.random.choice(["combined", "json"]),
        ))

    def start(self):
        self.house.start(limits=[f"--nofile={DESCRIPTORS}:", f"--data={MEMORY}:"])
        return self.house.gate.pid

    def next_number(self):
        """Of a caller, which has an address by it."""
        self.numbers += 1
        return self.numbers

    def probe_again(self):
        """The faults' own requests come from an address without wrong passwords."""
        self.probe = callers.Place(self.house.https, self.next_number())

    async def run(self, *arguments, stdin=None):
        return await asyncio.to_thread(self.house.run, *arguments, stdin=stdin)

    async def must(self, *arguments, stdin=None):
        return await asyncio.to_thread(self.house.must, *arguments, stdin=stdin)

    async def status(self):
        done = await self.run("status", "--json")
        return json.loads(done.stdout) if done.returncode == 0 else None

    async def answer(self, host, fields=()):
        """Status and fields of an answer on a connection of its own."""
        connection = await http1.Connection.open(self.probe, host, self.context)
        try:
            return (await connection.ask("GET", "/", fields))[:2]
        finally:
            await connection.close()

    async def answers(self, host, status, login=("keeper", "secret")):
        secret = base64.b64encode(":".join(login).encode()).decode()
        return (await self.answer(host, [f"Authorization: Basic {secret}"]))[0] == status

    async def shows_variant(self):
        return (await self.answer("home.test"))[1].get("x-variant") == str(self.variant)

    @staticmethod
    def der(pem):
        return ssl.PEM_cert_to_DER_cert(pem.read_text())

    async def cause(self, fault):
        """Lets something happen, and notes when it did not end as promised."""
        try:
            await fault(self)
        except (Broken, OSError, EOFError, ChildProcessError, asyncio.TimeoutError) as failed:
            self.ledger.lose(fault.__name__, repr(failed))

    async def faults(self, seconds):
        """Each in a new order, until the time is over."""
        loop = asyncio.get_running_loop()
        begin = loop.time()
        coming = []
        while (passed := loop.time() - begin) < seconds:
            coming = coming or self.random.sample(FAULTS, len(FAULTS))
            fault = coming.pop()
            if fault not in CHANGES or passed < seconds * LAST_CHANGE:
                self.ledger.fault(fault.__name__)
                await self.cause(fault)
            await asyncio.sleep(self.random.uniform(*BETWEEN))


async def serve(soak, seconds):
    """The whole time, and the rest after it."""
    soak.idle = descriptors(soak.watch.pid)
    watching = asyncio.create_task(soak.watch.live())
    kinds = (kind for kind, many in CALLERS.items() for _ in range(many))
    calling = [
        asyncio.create_task(kind(soak, soak.next_number(), soak.random.random()).live())
        for kind in kinds
    ]
    await soak.faults(seconds)
    soak.stopping.set()
    await asyncio.gather(*calling)
    soak.watch.callers_left = time.monotonic()
    await soak.cause(rest)
    watching.cancel()
    await soak.cause(leave)


async def rest(soak):
    """Without callers, hubgate holds what it held at first, and those before it are gone."""
    async def is_at_rest():
        status = await soak.status()
        nobody = status and status["counters"]["connections"]["open"] == 0
        return nobody and not soak.watch.old and descriptors(soak.watch.pid) <= soak.idle + SPARE

    what = f"no connections, no older process and {soak.idle} descriptors again"
    await eventually(is_at_rest, what, REST)


async def leave(soak):
    """The orderly end."""
    subprocess.run(["kill", str(soak.watch.pid)], check=True)
    await eventually(lambda: configuration.gone(soak.watch.pid), "it ends in order", 20)


def mount(kept, logs):
    """Small file systems, to be filled."""
    for folder, size in ((kept, KEPT), (logs, LOGS)):
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "soak", folder], check=True)


@contextlib.contextmanager
def housed(folder, binary):
    """A house with its small file systems, its hub and nothing else yet."""
    house = House(folder, binary, mount)
    try:
        house.start_hub()
        yield house
    finally:
        house.leave()
        for mounted in (house.kept, house.logs):
            subprocess.run(["umount", "--lazy", mounted], check=False)


def run(options, folder):
    """Runs it all; returns whether nothing was lost."""
    with housed(folder, options.binary) as house:
        return asyncio.run(whole(house, options))


async def whole(house, options):
    # It tells of each write on a connection that is cut.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    soak = Soak(house, options.seed)
    prepare(soak)
    try:
        await serve(soak, options.minutes * 60)
    finally:
        end_all(soak.watch)
    soak.watch.report()
    print()
    soak.ledger.report()
    return not soak.ledger.losses


def prepare(soak):
    house = soak.house
    house.passwords.write_text("# openHABian's\nkeeper:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n")
    for made, served in zip(soak.root.sign("home", ["DNS:home.test"]), ("home.pem", "home.key")):
        (house.folder / served).write_text(made.read_text())
    soak.configure()
    allow_many_descriptors()
    soak.start()
    soak.watch = Watch(house, soak.ledger)
    soak.device = enrol(house, "the phone that stays", house.folder / "stays")


def end_all(watch):
    """Ends the processes that took over, which are nobody's children."""
    for pid in {watch.pid, *watch.old}:
        subprocess.run(["kill", "-9", str(pid)], stderr=subprocess.DEVNULL, check=False)
    print("ended", file=sys.stderr)
