"""The verdict on a hub's answer, by one rule for all contestants, from the bytes that its client
got and from what was answered to those who asked next:

rejected   the proxy's own error, or cut so that the client sees it
safe       passed on so that no client can read it otherwise
weak       RFC 9110 or 9112 want it refused or changed; harmless as it was passed on
dangerous  a second answer, half an answer that looks whole, another body or status, bytes that
           another client reads otherwise, an answer to somebody else, or one waits for ever
"""

import case as cases
import response
from judge import REJECTED, SAFE, Verdict, worst
from message import DANGEROUS, WEAK, shown

def judge(fault, mark, played, probes, released):
    """`played` is what the client of the case got, for its request and a probe behind it;
    `probes` what those got who asked later; `released` whether the hub was let go."""
    heard = response.read(played.raw, fault.method, played.closed and not played.torn)
    passed = is_passed(fault, heard, mark)
    found = [*findings(fault, heard, passed, mark), *afterwards(fault, mark, heard, played, probes)]
    if fault.silent and not released:
        found.append((DANGEROUS, "the hub's connection stays when the client has left"))
    if wrong := worst(found):
        return wrong
    if fault.control and not (passed and heard.complete and is_as_meant(fault, heard, mark)):
        return Verdict(SAFE, f"answered {heard.status} {shown(heard.body)}", served=False)
    if not passed or not heard.complete:
        return Verdict(REJECTED)
    return Verdict(WEAK, fault.rule) if fault.rule else Verdict(SAFE)

def is_passed(fault, heard, mark):
    """Whether the client got the hub's answer, and not one of the proxy's own."""
    return heard.status == 101 or 0 < heard.status < 500 and heard.status == fault.status or mark in heard.body

def is_as_meant(fault, heard, mark):
    body = marked(fault.body, mark)
    return heard.status == fault.status and (body is None or heard.body == body)

def findings(fault, heard, passed, mark):
    yield from ((finding.kind, finding.why) for finding in heard.findings)
    if not passed:
        return
    if heard.complete and fault.cut:
        yield DANGEROUS, f"half an answer looks whole: {shown(heard.body)}"
    elif heard.complete and not is_as_meant(fault, heard, mark):
        yield DANGEROUS, f"became {heard.status} {shown(heard.body)}"
    for name in fault.never:
        if heard.all(name.lower().encode()):
            yield WEAK, f"the client heard {name}"

def afterwards(fault, mark, heard, played, probes):
    """What came behind the answer on its connection, and to others."""
    rest = played.raw[heard.end:] if heard.complete and heard.status != 101 else b""
    if rest and not is_answer(rest, mark):
        yield DANGEROUS, f"behind the answer: {shown(rest)}"
    if not (heard.complete or played.closed or fault.silent):
        yield DANGEROUS, f"the client waits for ever behind {shown(played.raw)}"
    for probe in probes:
        if not is_answer(probe.raw, mark):
            yield DANGEROUS, f"the next request was answered {shown(probe.raw)}"

def is_answer(raw, mark):
    """Whether it is the plain answer to this case's probe, and that alone."""
    heard = response.read(raw, b"GET", True)
    wanted = mark.replace(b"case", b"probe")
    return heard.status == 200 and heard.body == wanted and heard.end == len(raw)

def marked(text, mark):
    return None if text is None else text.encode("latin-1").replace(cases.MARK, mark)
