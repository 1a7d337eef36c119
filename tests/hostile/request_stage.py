"""Requests played to a contestant before the recording hub, and judged by what that heard."""

import dataclasses

import case as cases
import client
import judge
import stage
from hub import Hub
from message import DANGEROUS


@dataclasses.dataclass
class Outcome:
    case: cases.Case
    verdict: judge.Verdict
    answers: client.Answers
    connections: list


async def run(contestant, chosen):
    """Returns the outcome of each case."""
    hub = Hub()
    answers = await stage.run(contestant, hub, chosen, play)
    return outcomes(contestant, chosen, answers, hub.connections)


async def play(port, number, case):
    mark = b"case%04d" % number
    pieces = [piece.replace(cases.MARK, mark) for piece in case.pieces]
    meant = case.meant or []
    methods = [request.method.encode() for request in meant]
    awaited = len(meant) if case.control else None
    answers = await client.play(port, pieces, methods, awaited)
    answers.mark = mark
    return answers


def outcomes(contestant, chosen, answers, connections):
    by_mark = heard_by_mark(connections, lambda heard: marks_of_unmarked(heard, chosen, answers))
    found = []
    for case, answer in zip(chosen, answers):
        heard = by_mark.get(answer.mark, [])
        verdict = judge.judge(case, heard, answer, contestant.tells)
        found.append(Outcome(case, verdict, answer, heard))
    return found


def heard_by_mark(connections, of_unmarked):
    """The hub's connections by the mark of the case that they carried."""
    by_mark = {}
    for heard in connections:
        marks = set(cases.NUMBERED.findall(heard.raw)) or of_unmarked(heard)
        if not marks and heard.request.complete:
            raise SystemExit(f"hostile: the hub heard what no case said: {heard.raw[:200]}")
        if len(marks) > 1:
            heard.request.find(DANGEROUS, "two cases on one connection")
        for mark in marks:
            by_mark.setdefault(mark, []).append(heard)
    return by_mark


def marks_of_unmarked(heard, chosen, answers):
    return {answer.mark for case, answer in zip(chosen, answers)
            if case.known_by and heard.raw.startswith(case.known_by)}
