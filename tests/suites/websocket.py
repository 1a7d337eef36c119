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
# chopped ones, and of compression the first case of each kind.
CASES = [*(f"{group}.*" for group in (*range(1, 8), 9, 10)), "12.*.1", "13.*.1"]
AT_ONCE = 4
# Sizes and chops take a second or two each.
DEADLINE = 240


def run(folder):
    with hub(folder, "echo.py") as echo, Gate(folder, echo.port) as gate:
        direct, clear, secure = asyncio.run(compare(echo.port, gate))
        panics = gate.panics()
    differences = [*differing("in the clear", direct, clear), *differing("over TLS", direct, secure)]
    passed = [sum(result.passed for result in results) for results in (direct, clear, secure)]
    yield Row(
        "kosoku " + importlib.metadata.version("kosoku"),
        f"Autobahn's {len(direct)} WebSocket cases",
        f"passed {passed[1]} in the clear, {passed[2]} over TLS, {passed[0]} without hubgate; "
        f"{len(differences)} differ",
        [*differences, *panics],
    )


async def compare(port, gate):
    direct = await cases(port)
    clear = await cases(gate.http)
    async with relay(gate.port) as secure:
        return direct, clear, await cases(secure)


async def cases(port):
    running = kosoku.run_fuzzingclient(f"ws://127.0.0.1:{port}", CASES, concurrency=AT_ONCE)
    try:
        return await asyncio.wait_for(running, DEADLINE)
    except kosoku.FailureError as failure:
        return failure.results


def differing(way, direct, through):
    if len(direct) != len(through):
        yield f"{way} only {len(through)} of {len(direct)} cases ran"
    for before, after in zip(direct, through):
        if verdict(before) != verdict(after):
            yield f"{way} {after.case_id}: {verdict(after)}, without hubgate {verdict(before)}"


def verdict(result):
    return (
        result.behavior.value, result.behavior_close.value,
        result.remote_close_code, result.remote_close_reason, result.was_clean,
    )
