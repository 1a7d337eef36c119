"""HTTP/2 played to a contestant before the recording hub, and judged by what that heard and by
the errors that the client was shown.
"""

import case as cases
import frame_client
import judge
import stage
from hub import Hub
from message import DANGEROUS, WEAK
from request_stage import heard_by_mark, Outcome


async def run(contestant, chosen):
    """Returns the outcome of each case."""
    hub = Hub()
    answers = await stage.run(contestant, hub, chosen, play)
    by_mark = heard_by_mark(hub.connections, lambda heard: set())
    found = []
    for case, answer in zip(chosen, answers):
        heard = by_mark.get(answer.mark, [])
        found.append(Outcome(case, verdict(case, heard, answer, contestant.tells), answer, heard))
    return found


async def play(port, number, case):
    mark = b"case%04d" % number
    raw = b"".join(case.pieces).replace(cases.MARK, mark)
    answers = await frame_client.play(port, raw, case.bare, case.streams if case.control else ())
    answers.mark = mark
    return answers


def verdict(case, heard, answers, tells):
    found = judge.judge(case, heard, answers, tells)
    if found.kind in (WEAK, DANGEROUS) or not case.error or answers.shows(case.error):
        return found
    return judge.Verdict(WEAK, f"RFC 9113 wants an error of the {case.error}", served=False)
