"""A contestant before the recording hub, played all cases at once, a few at a time."""

import asyncio
import dataclasses
import time

import case as cases
import client
import judge
from hub import Hub
from message import DANGEROUS

AT_ONCE = 24
# Seconds for what still comes at the hub when all clients have left.
SETTLING = 3


@dataclasses.dataclass
class Outcome:
    case: cases.Case
    verdict: judge.Verdict
    answers: client.Answers
    connections: list


async def run(contestant, chosen):
    """Returns the outcome of each case."""
    hub = Hub()
    hub_port = await hub.start()
    await asyncio.to_thread(contestant.start, hub_port)
    try:
        answers = await play(contestant.port, chosen)
        await settle(hub)
        if not contestant.alive():
            raise SystemExit(f"hostile: {contestant.name} has ended; see {contestant.output}")
    finally:
        await asyncio.to_thread(contestant.stop)
        await hub.stop()
    return outcomes(contestant, chosen, answers, hub.connections)


async def play(port, chosen):
    room = asyncio.Semaphore(AT_ONCE)

    async def one(number, case):
        async with room:
            mark = b"case%04d" % number
            pieces = [piece.replace(cases.MARK, mark) for piece in case.pieces]
            meant = case.meant or []
            methods = [request.method.encode() for request in meant]
            awaited = len(meant) if case.control else None
            answers = await client.play(port, pieces, methods, awaited)
            answers.mark = mark
            return answers

    return await asyncio.gather(*(one(number, case) for number, case in enumerate(chosen)))


async def settle(hub):
    limit = time.monotonic() + SETTLING
    while hub.open and time.monotonic() < limit:
        await asyncio.sleep(0.05)


def outcomes(contestant, chosen, answers, connections):
    by_mark = {}
    for heard in connections:
        marks = set(cases.NUMBERED.findall(heard.raw)) or marks_of_unmarked(heard, chosen, answers)
        if not marks and heard.request.complete:
            raise SystemExit(f"hostile: the hub heard what no case said: {heard.raw[:200]}")
        if len(marks) > 1:
            heard.request.find(DANGEROUS, "two cases on one connection")
        for mark in marks:
            by_mark.setdefault(mark, []).append(heard)
    found = []
    for case, answer in zip(chosen, answers):
        heard = by_mark.get(answer.mark, [])
        verdict = judge.judge(case, heard, answer, contestant.tells)
        found.append(Outcome(case, verdict, answer, heard))
    return found


def marks_of_unmarked(heard, chosen, answers):
    return {answer.mark for case, answer in zip(chosen, answers)
            if case.known_by and heard.raw.startswith(case.known_by)}
