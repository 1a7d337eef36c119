"""The hub is gone for a while."""

import asyncio

from promise import eventually


async def restart_hub(soak):
    """Killed with all that it has open, and started again."""
    async with soak.ledger.trouble("hub"):
        soak.house.hub.kill()
        await asyncio.sleep(soak.random.uniform(0, 2))
        await asyncio.to_thread(soak.house.start_hub)
    await eventually(lambda: soak.answers("home.test", 200), "the hub is reached again", 3)
