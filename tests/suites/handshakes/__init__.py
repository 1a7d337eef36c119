"""Handshakes that no honest client makes, in tlsfuzzer's manner, with tlslite-ng's parts.

Each case says what may come of it; none may outlast the limits, end the
process or keep the next client from being served.
"""

import concurrent.futures
import importlib.metadata
import time

from gate import Gate
from program import hub, is_in_time
from row import Row

from handshakes import certificates, floods, hellos, lengths, mutants

HEADER_TIME = 2
LIMITS = f"header_time: {HEADER_TIME}s, idle: 3s, connections_per_address: 1000"
# A handshake has `header_time`, and so has the head of a request after it.
LONGEST = 2 * HEADER_TIME + 2
AT_ONCE = 16
GROUPS = [
    ("ClientHellos: framing, names, versions, extensions", hellos.CASES),
    ("ClientHellos with one wrong length", lengths.CASES),
    (f"ClientHellos with random bytes, seed {mutants.SEED}", mutants.CASES),
    ("floods of records, renegotiation, early data", floods.CASES),
    ("client certificates", certificates.CASES),
]
# What the memory may grow by in all of it.
GROWTH = 30_000_000


def run(folder):
    suite = "tlslite-ng " + importlib.metadata.version("tlslite-ng")
    with hub(folder, "hub.py") as behind, Gate(folder, behind.port, LIMITS) as gate:
        before, descriptors = gate.rss(), gate.descriptors()
        for what, cases in GROUPS:
            yield group(suite, what, cases, gate)
        wrong = list(left_over(gate, before, descriptors))
        grown = (gate.rss() - before) / 1e6
        yield Row(suite, "after all of them", f"memory grew by {grown:.0f} MB; every socket closed",
                  wrong)


def group(suite, what, cases, gate):
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = list(pool.map(lambda case: judged(case, gate), cases))
    wrong = [f"{name}: {came}, not {' or '.join(sorted(may))}, after {seconds:.1f} s"
             for name, came, may, seconds in outcomes if came not in may or seconds > LONGEST]
    if "ServerHello" != hellos.good(gate):
        wrong.append("an honest client was not served afterwards")
    slowest = max(seconds for *_, seconds in outcomes)
    result = f"{len(outcomes) - len(wrong)} of {len(outcomes)} as they should; " \
             f"the longest ended after {slowest:.1f} s"
    return Row(suite, f"{len(outcomes)} {what}", result, wrong + gate.panics())


def judged(case, gate):
    name, play, may = case
    begun = time.monotonic()
    came = play(gate)
    return name, came, may, time.monotonic() - begun


def left_over(gate, memory, descriptors):
    if not is_in_time(lambda: gate.descriptors() <= descriptors + 2, "all are closed"):
        yield f"{gate.descriptors() - descriptors} files are still open"
    if gate.rss() - memory > GROWTH:
        yield f"memory grew by {gate.rss() - memory} bytes"
    if not gate.is_running():
        yield "hubgate has ended"
