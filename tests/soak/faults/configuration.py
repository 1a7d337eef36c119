"""proxy.yaml changed, proxy.yaml broken, and another process that takes over."""

import asyncio
import os
import signal

from kit.procfs import is_alive
from promise import eventually, holds

BROKEN = ["sites: [", "listen: 7\n", "", "sites:\n  - hosts: [home.test]\n    upstraem: x\n"]
TAKE_OVER, END = 35, 30


async def reload(soak):
    """A change is there after `hubgate reload`."""
    soak.variant += 1
    soak.configure()
    await soak.must("reload")
    await eventually(soak.shows_variant, "the changed configuration is served", 2)


async def broken_reload(soak):
    """A broken file is refused, by the command and by the signal, and changes nothing."""
    good = (soak.house.folder / "proxy.yaml").read_text()
    soak.house.configure(soak.random.choice(BROKEN))
    done = await soak.run("reload")
    os.kill(soak.watch.pid, signal.SIGHUP)
    shown = await soak.shows_variant()
    soak.house.configure(good)
    holds(done.returncode, "a broken proxy.yaml was taken")
    holds(shown, "a broken proxy.yaml changed what is served")
    # The signal may come later than the file was whole again: both are fine.
    await soak.must("reload")


async def hand_over(soak):
    """A new process serves, and the old one keeps what it has, or says goodbye when asked."""
    old = soak.watch.pid
    os.kill(old, signal.SIGUSR2)
    await eventually(lambda: serves_another(soak, old), "another process takes over", TAKE_OVER)
    await asyncio.sleep(soak.random.uniform(0, 5))
    if soak.random.random() < 0.5 and is_alive(old):
        await end(soak, old)


async def serves_another(soak, old):
    """The new process answers before: until it has settled, SIGTERM ends both."""
    status = await soak.status()
    if not status or status["pid"] == old:
        return False
    if f"process {status['pid']} has taken over" not in soak.house.gate.printed():
        return False
    soak.watch.succeeded(status["pid"])
    return True


async def end(soak, pid):
    """Tells a process that has handed over to hurry."""
    async with soak.ledger.trouble("goodbye"):
        os.kill(pid, signal.SIGTERM)
        await eventually(lambda: gone(pid), "the old process ends after SIGTERM", END)


async def gone(pid):
    return not is_alive(pid)
