"""A hub's answers played to a contestant's clients, and judged by what these heard."""

import dataclasses
import functools

import answer_judge
import case as cases
import client
import judge
import stage
from answers.fault import Fault
from scripted import ScriptedHub

# Requests on connections of their own that come after a case, one after the other.
PROBES = 2
# Times that a case is played in which a request and what nobody asked for crossed.
TRIES = 5
PROBE = b"GET /probe0000 HTTP/1.1\r\nHost: home.test\r\n\r\n"


@dataclasses.dataclass
class Outcome:
    case: Fault
    verdict: judge.Verdict
    played: client.Answers
    probes: list


async def run(contestant, chosen):
    """Returns the outcome of each case."""
    hub = ScriptedHub(chosen)
    played = await stage.run(contestant, hub, chosen, functools.partial(play, hub))
    found = []
    for number, (fault, (own, probes)) in enumerate(zip(chosen, played)):
        released = number in hub.released
        verdict = answer_judge.judge(fault, b"case%04d" % number, own, probes, released)
        found.append(Outcome(fault, verdict, own, probes))
    return found


async def play(hub, port, number, fault):
    """As `play_once`; again when hub and contestant spoke at the same time: whether the answer is
    to the request nobody can tell then."""
    for _ in range(TRIES):
        hub.raced.discard(number)
        played = await play_once(port, number, fault)
        if number not in hub.raced:
            break
    return played


async def play_once(port, number, fault):
    """What the client of the case heard, with a probe behind its request, and what others did."""
    mark = b"%04d" % number
    request = fault.request.replace(cases.MARK, b"case" + mark)
    probe = PROBE.replace(b"0000", mark)
    own = await client.play(port, [request, probe], [fault.method, b"GET"], 2)
    probes = [await client.play(port, [probe], [b"GET"], 1) for _ in range(PROBES)]
    return own, probes
