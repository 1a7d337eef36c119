"""A full disk, no descriptors, too many from one address, and answers that nobody reads."""

import asyncio
import contextlib
import itertools
import os
import subprocess

from hub import body
from kit.procfs import data, descriptors, is_alive, resident
from kit.tls import client_context
from promise import eventually, holds
from traffic.callers import Place
from traffic.http1 import Connection

FRESH = itertools.count()
BLOCK = bytes(4096)
UNREAD, UNREAD_SIZE, UNREAD_COST = 20, 8_000_000, 48 << 20
FEW, CROWD = 10, 150
LITTLE, GREEDY = 1 << 20, 300


@contextlib.contextmanager
def filled(folder):
    """The file system of the folder is full inside of this."""
    filler = folder / "filler"
    try:
        with open(filler, "wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(BLOCK):
                pass
        yield
    finally:
        filler.unlink()


async def full_state(soak):
    """Nothing can be kept: commands say so and change nothing, traffic goes on."""
    before = soak.house.passwords.read_bytes(), await asyncio.to_thread(soak.house.devices)
    number = next(FRESH)
    out = soak.house.folder / f"full {number}"
    with filled(soak.house.kept):
        add = await soak.run("client", "add", f"full {number}", "--out", out, "--key", "ec")
        user = await soak.run("user", "add", f"full{number}", stdin="x\n")
        await asyncio.sleep(soak.random.uniform(0, 3))
    after = soak.house.passwords.read_bytes(), await asyncio.to_thread(soak.house.devices)
    holds(add.returncode and user.returncode, "a command succeeds on a full disk")
    holds(before == after, "a command that failed on a full disk changed something")
    await soak.must("user", "add", f"full{number}", stdin="x\n")
    await soak.must("user", "del", f"full{number}")


async def full_log(soak):
    """Lines are lost, no request is; they come again when there is room."""
    with filled(soak.house.logs):
        await asyncio.sleep(soak.random.uniform(2, 5))
    log = f"{soak.house.gate.log}.out"
    size = os.path.getsize(log)

    async def grows():
        return os.path.getsize(log) != size

    await eventually(grows, "the access log goes on", 5)


async def no_descriptors(soak):
    """Connections wait or are refused; when there are descriptors again, all is as before."""
    pid = soak.watch.pid
    async with soak.ledger.trouble("descriptors"), contextlib.AsyncExitStack() as stack:
        limit(pid, "nofile", descriptors(pid) + FEW)
        stack.callback(limit, pid, "nofile", soak.descriptors)
        for _ in range(4 * FEW):
            await stack.enter_async_context(silent(Place(soak.house.https, soak.next_number())))
        await asyncio.sleep(soak.random.uniform(1, 4))
    await eventually(lambda: soak.answers("home.test", 200), "there is room again", 3)


def limit(pid, what, most):
    subprocess.run(["prlimit", f"--{what}={most}:", f"--pid={pid}"], check=True)


@contextlib.asynccontextmanager
async def silent(place):
    """A connection that says nothing."""
    _, writer = await asyncio.open_connection(
        "127.0.0.1", place.port, local_addr=(place.address, 0)
    )
    try:
        yield writer
    finally:
        writer.close()


async def no_memory(soak):
    """Whoever gets no more memory ends at once; the next process finds all that was kept."""
    pid, before = soak.watch.pid, await asyncio.to_thread(kept, soak)
    async with soak.ledger.trouble("memory"):
        limit(pid, "data", data(pid) + LITTLE)
        await until_gone(soak, pid)
        if is_alive(pid):
            limit(pid, "data", soak.memory)
        else:
            soak.watch.succeeded(await asyncio.to_thread(soak.start))
    await eventually(lambda: soak.answers("home.test", 200), "there is memory again", 3)
    holds(await asyncio.to_thread(kept, soak) == before, "what was kept is not what it was")


def kept(soak):
    return soak.house.passwords.read_bytes(), soak.house.devices()


async def until_gone(soak, pid):
    """Asks for more and more that nobody reads, while the process lives."""
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(GREEDY):
            if not is_alive(pid):
                return
            with contextlib.suppress(OSError, EOFError):
                await asked(soak, stack)


async def crowd(soak):
    """One address has too many connections; all others are served as ever."""
    before = (await soak.status())["counters"]["connections"]["refused"]
    place = Place(soak.house.https, soak.next_number())
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(CROWD):
            await stack.enter_async_context(silent(place))

        async def refused():
            return (await soak.status())["counters"]["connections"]["refused"] > before

        await eventually(refused, "what is too much of one address is refused", 3)


async def unread(soak):
    """Answers that are not read cost little memory, and are whole when they are read at last."""
    before = resident(soak.watch.pid)
    async with contextlib.AsyncExitStack() as stack:
        waiting = [await asked(soak, stack) for _ in range(UNREAD)]
        await asyncio.sleep(soak.random.uniform(1, 4))
        cost = resident(soak.watch.pid) - before
        answers = await asyncio.gather(*(connection.answer() for _, connection in waiting))
    holds(cost < UNREAD_COST, f"{UNREAD} unread answers cost {cost / 1e6:.0f} MB")
    for (name, _), (status, _, content) in zip(waiting, answers):
        whole = status == 200 and content == body(name, UNREAD_SIZE)
        holds(whole, "an answer read late is not whole")


async def asked(soak, stack):
    """A connection on which an answer is on its way."""
    name, place = f"unread{next(FRESH)}", Place(soak.house.https, soak.next_number())
    connection = await Connection.open(place, "home.test", client_context())
    stack.push_async_callback(connection.close)
    await connection.send("GET", f"/echo/{name}/{UNREAD_SIZE}")
    return name, connection
