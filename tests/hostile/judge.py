"""The verdict on a case, by one rule for all contestants, from what the hub heard
and what the client was answered:

rejected   nothing whole reached the hub
safe       forwarded so that hub and proxy cannot disagree
weak       RFC 9110 or 9112 want it refused; harmless as it was forwarded
dangerous  a second request, another framing, bytes that another parser reads
           otherwise, a forged claim, or a way past the rule for /admin
"""

import dataclasses
import re

import case as cases
import paths
from message import DANGEROUS, WEAK, shown

REJECTED, SAFE = "rejected", "safe"
KINDS = [REJECTED, SAFE, WEAK, DANGEROUS]

CLAIMS = {"forwarded", "proxy", "x-real-ip", "client-cert", "remote-user", "x-remote-user",
          "x-original-url", "x-rewrite-url"}
CLAIM_PREFIXES = ("x-forwarded-", "x-ssl-", "x-client-", "client-cert-")
OF_HEADS = (b"content-length", b"transfer-encoding", b"host")
TOLD = {b"x-forwarded-for": b"127.0.0.1", b"x-real-ip": b"127.0.0.1",
        b"x-forwarded-proto": b"https"}


@dataclasses.dataclass(frozen=True)
class Verdict:
    kind: str
    why: str = ""
    served: bool = True


def judge(case, connections, answers, tells):
    """`connections` are those of the hub that carry the case's mark; `tells` is whether
    the contestant says where a request comes from."""
    found = list(findings(case, connections, answers, tells))
    whole = [heard.request for heard in connections if heard.request.complete]
    if fault := worst(found):
        return fault
    if case.control and not is_served(case, whole, answers):
        statuses = [status for status, _ in answers.list()]
        return Verdict(SAFE, f"answered {statuses}, {len(whole)} requests heard", served=False)
    if not whole:
        return Verdict(REJECTED if is_refused(answers) else SAFE)
    return Verdict(WEAK, case.rule) if case.rule else Verdict(SAFE)


def worst(found):
    """The verdict on the first of the worst findings, if there is any."""
    for kind in (DANGEROUS, WEAK):
        for known, why in found:
            if known == kind:
                return Verdict(kind, why, served=False)
    return None


def is_served(case, whole, answers):
    statuses = [status for status, body in answers.list() if body is not None]
    return len(whole) == len(case.meant) and statuses == [case.status] * len(case.meant)


def is_refused(answers):
    statuses = [status for status, _ in answers.list()]
    return not statuses or statuses[0] >= 400


def findings(case, connections, answers, tells):
    """Pairs of a kind and why."""
    for heard in connections:
        yield from ((finding.kind, finding.why) for finding in heard.request.findings)
        yield from beyond_the_request(heard)
    whole = [heard.request for heard in connections if heard.request.complete]
    for request in whole:
        yield from claims(request)
        yield from trailers(request)
        yield from (lacking(request) if tells else ())
        yield from places(request)
        for name in case.never:
            if request.all(name.encode()):
                yield WEAK, f"the hub heard {name}"
    yield from another_meaning(case, whole)
    yield from others_answers(case, answers)


def beyond_the_request(heard):
    if heard.rest:
        yield DANGEROUS, f"more behind the request: {shown(heard.rest)}"
    upgrade = heard.request.first(b"upgrade").lower()
    if heard.tunnel is not None and upgrade != b"websocket":
        yield DANGEROUS, f"a tunnel to the hub: {shown(upgrade or heard.request.method)}"


def claims(request):
    """What a client says of itself, however it spells the name."""
    for name, value in request.fields:
        if is_forged(name, value):
            yield DANGEROUS, f"a forged claim: {shown(name + b': ' + value)}"


def trailers(request):
    """What only a hub that takes trailers for fields (RFC 9110, section 6.5.1) would believe."""
    for name, value in request.trailers:
        if is_forged(name, value) or name.lower() in OF_HEADS:
            yield WEAK, f"a trailer: {shown(name + b': ' + value)}"


def is_forged(name, value):
    plain = name.decode("latin-1").lower().replace("_", "-")
    said = value.decode("latin-1")
    return (plain in CLAIMS or plain.startswith(CLAIM_PREFIXES)) and (
        cases.FORGED in said or cases.FORGED_ADDRESS in said)


def lacking(request):
    """What the proxy had to say of the client, once and for sure."""
    for name, value in TOLD.items():
        if request.all(name) != [value]:
            yield DANGEROUS, f"{name.decode()} is {shown(b' + '.join(request.all(name)))}"


def places(request):
    kind = paths.past_the_rule(request.target)
    if kind:
        yield kind, f"past the rule for /admin: {shown(request.target)}"


def another_meaning(case, whole):
    """Requests that are none of those which the bytes of the case mean."""
    if case.meant is None:
        if len(whole) > 1 or any(b"/smuggled" in request.target for request in whole):
            targets = b", ".join(request.target for request in whole)
            yield DANGEROUS, f"the hub heard {shown(targets)}"
        return
    if len(whole) > len(case.meant):
        yield DANGEROUS, f"{len(whole)} requests at the hub instead of {len(case.meant)}"
    for request, meant in zip(whole, case.meant):
        yield from differences(request, meant)


def differences(request, meant):
    for word in ("method", "target", "body", "host"):
        wanted = getattr(meant, word)
        heard = without_number(part(request, word))
        if wanted is not None and wanted.encode("latin-1") != heard:
            yield DANGEROUS, f"the {word} became {shown(heard)}"
    for name, value in meant.fields:
        heard = request.all(name.lower().encode())
        if heard != [value.encode("latin-1")]:
            yield WEAK, f"{name} became {shown(b' + '.join(heard))}"


def part(request, word):
    if word == "host":
        return request.first(b"host")
    if word == "target":
        # A server takes the absolute form as it takes the other (RFC 9112, section 3.2.2).
        return re.sub(rb"^(?i:https?)://[^/?#]*(?=[/?])|^(?i:https?)://[^/?#]*$", b"", request.target) or b"/"
    return getattr(request, word)


def others_answers(case, answers):
    for status, body in answers.list():
        own = answers.mark in (body or b"") or case.known_by and case.known_by in (body or b"")
        if status == 200 and body and body.startswith(b"heard ") and not own:
            yield DANGEROUS, f"the answer to another: {shown(body)}"


def without_number(heard):
    return cases.NUMBERED.sub(cases.MARK, heard)
