"""Autobahn's WebSocket cases, by kosoku, with hubgate between and without: the same must come.

What the hub itself does wrong it may do wrong through hubgate too.
"""

import asyncio
import importlib.metadata

import kosoku

from gate import Gate
from program import hub
from row import Row
from tls_client import relay

# Framing, pings, reserved bits, opcodes, fragmentation, UTF-8, closing, sizes up to 16 MB and
# chopped ones, and of compression, which is between client and hub, the first case of each kind.
WHOLE = [f"{group}.*" for group in (1, 2, 3, 4, 5, 6, 7, 9, 10)]
COMPRESSION = [*(f"12.{kind}.1" for kind in range(1, 6)), *(f"13.{kind}.1" for kind in range(1, 8))]
CASES = WHOLE + COMPRESSION
AT_ONCE = 4
# Sizes and chops take a second or two each.
DEADLINE = 240


def run(folder):
    with hub(folder, "echo.py") as echo, Gate(folder, echo.port) as gate:
        direct, through = asyncio.run(both(echo.port, gate.port))
        panics = gate.panics()
    differences = list(differing(direct, through))
    passed = [sum(result.passed for result in results) for results in (through, direct)]
    yield Row(
        "kosoku " + importlib.metadata.version("kosoku"),
        f"Autobahn's {len(direct)} WebSocket cases, over TLS",
        f"{passed[0]} passed, without hubgate {passed[1]}; {len(differences)} differ",
        [*differences, *panics],
    )


async def both(hub_port, gate_port):
    direct = await cases(hub_port)
    async with relay(gate_port) as port:
        return direct, await cases(port)


async def cases(port):
    running = kosoku.run_fuzzingclient(f"ws://127.0.0.1:{port}", CASES, concurrency=AT_ONCE)
    try:
        return await asyncio.wait_for(running, DEADLINE)
    except kosoku.FailureError as failure:
        return failure.results


def differing(direct, through):
    if len(direct) != len(through):
        yield f"only {len(through)} of {len(direct)} cases ran"
    for before, after in zip(direct, through):
        if verdict(before) != verdict(after):
            yield f"{after.case_id}: {verdict(after)}, without hubgate {verdict(before)}"


def verdict(result):
    return (
        result.behavior.value, result.behavior_close.value,
        result.remote_close_code, result.remote_close_reason, result.was_clean,
    )
