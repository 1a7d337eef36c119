"""A contestant before a hub, played all cases at once, a few at a time."""

import asyncio
import time

AT_ONCE = 24
# Seconds for what still comes at the hub when all clients have left.
SETTLING = 3


async def run(contestant, hub, chosen, play):
    """Returns what `play(port, number, case)` makes of each case."""
    hub_port = await hub.start()
    await asyncio.to_thread(contestant.start, hub_port)
    try:
        played = await play_all(contestant.port, chosen, play)
        await settle(hub)
        if not contestant.is_running():
            raise SystemExit(f"hostile: {contestant.program} has ended; see {contestant.output}")
    finally:
        await asyncio.to_thread(contestant.stop)
        await hub.stop()
    return played


async def play_all(port, chosen, play):
    room = asyncio.Semaphore(AT_ONCE)

    async def one(number, case):
        async with room:
            return await play(port, number, case)

    return await asyncio.gather(*(one(number, case) for number, case in enumerate(chosen)))


async def settle(hub):
    limit = time.monotonic() + SETTLING
    while not hub.quiet() and time.monotonic() < limit:
        await asyncio.sleep(0.05)
