"""Certificates, passwords and devices that change under way."""

import asyncio
import itertools
import os

from house import enrol
from ledger import Wrong
from promise import eventually, holds
from traffic.http1 import Connection, secure
from traffic.streams import WebSocket

FRESH = itertools.count()
# What is changed in a file is seen within a second.
SEEN = 3
CUT = 2


async def swap_certificate(soak):
    """Half a file and a foreign key are not taken; the next certificate is, without a reload."""
    chain, key = soak.root.sign(f"home{next(FRESH)}", ["DNS:home.test"])
    served, served_key = soak.house.folder / "home.pem", soak.house.folder / "home.key"
    served.write_text(chain.read_text()[:200])
    await asyncio.sleep(soak.random.uniform(0, 1.5))
    served.write_text(chain.read_text())
    await asyncio.sleep(soak.random.uniform(0, 1.5))
    served_key.write_text(key.read_text())
    expected = soak.der(chain)

    async def is_shown():
        _, writer = await secure(soak.probe, "home.test", soak.context)
        shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.close()
        return shown == expected

    await eventually(is_shown, "the new certificate is shown", SEEN)


async def revoke_device(soak):
    """What a revoked device has open is cut, and it does not come in again."""
    name = f"phone {next(FRESH)}"
    device = await asyncio.to_thread(enrol, soak.house, name, soak.house.folder / name)
    caller = WebSocket(soak, soak.next_number(), soak.random.random())
    caller.host, caller.context = "phone.test", device.context()
    caller.connection = await caller.opened()
    await caller.begin()
    await caller.step()
    await soak.must("client", "revoke", name)
    await asyncio.wait_for(cut(caller), CUT)
    connection = await Connection.open(soak.probe, "phone.test", device.context())
    status, _, _ = await connection.ask("GET", "/")
    await connection.close()
    holds(status == 495, f"a revoked device is answered {status}")


async def cut(caller):
    """Until the connection is over."""
    try:
        while True:
            await caller.step()
    except (Wrong, OSError, EOFError):
        await caller.connection.close()


async def passwords(soak):
    """A user is added, changed and removed, and enters in between as the file says."""
    user = f"guest{next(FRESH)}"
    steps = [("add", "one", 200), ("passwd", "two", 200), ("del", "two", 401)]
    for action, secret, status in steps:
        await soak.must("user", action, user, stdin=f"{secret}\n")
        soak.probe_again()
        await eventually(
            lambda: soak.answers("word.test", status, (user, secret)), f"user {action}", SEEN
        )


async def rewrite_passwords(soak):
    """htpasswd of others writes in place, and half a line is seen meanwhile."""
    whole = soak.house.passwords.read_bytes()
    with open(soak.house.passwords, "r+b") as passwords:
        passwords.truncate(len(whole) - 5)
        await asyncio.sleep(soak.random.uniform(0, 1.5))
        passwords.seek(0)
        passwords.write(whole)
        passwords.truncate()
        os.fsync(passwords.fileno())
    await eventually(lambda: soak.answers("word.test", 200), "the user enters", SEEN)
