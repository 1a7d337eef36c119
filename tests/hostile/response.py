"""The answers on one connection in raw bytes, read as a client reads them, by RFC 9112 and by
nothing else: what another client might read otherwise is told as a finding.
"""

import dataclasses
import re

from message import CONTROL, DANGEROUS, HEAD_END, TOKEN, Finding, shown

STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2}) ([^\r\n]*)")
CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})(?:[ \t]*;[^\x00-\x08\x0a-\x1f\x7f]*)?")
ENDS_CHUNKED = re.compile(rb"(?!.*chunked.*chunked)(?:[a-z]+, *)*chunked", re.IGNORECASE)
NO_BODY = (204, 304)


@dataclasses.dataclass
class Response:
    status: int = 0
    fields: list = dataclasses.field(default_factory=list)
    trailers: list = dataclasses.field(default_factory=list)
    body: bytes = b""
    complete: bool = False
    # Where it ends in what was read.
    end: int = 0
    findings: list = dataclasses.field(default_factory=list)

    def all(self, name):
        return [value for known, value in self.fields if known.lower() == name]

    def find(self, kind, why):
        self.findings.append(Finding(kind, why))


def read(raw, method, ended, at=0):
    """The final answer, with the findings of the interim ones before it; `ended` says that the
    connection was closed, and not reset."""
    response = Response()
    while True:
        head = HEAD_END.search(raw, at)
        if not head:
            response.end = len(raw)
            return response
        read_head(response, raw[at:head.end()])
        at = head.end()
        if not 100 <= response.status < 200 or response.status == 101:
            break
    read_body(response, raw, at, method, ended)
    return response


def read_head(response, head):
    if head.count(b"\r\n") != head.count(b"\n"):
        response.find(DANGEROUS, "a line ends in a bare line feed")
    lines = [line.removesuffix(b"\r") for line in head.split(b"\n")[:-2]]
    line = STATUS_LINE.fullmatch(lines[0])
    if not line:
        response.find(DANGEROUS, f"the status line is {shown(lines[0])}")
    response.status = int(line[1]) if line else 0
    response.fields = [field(response, line) for line in lines[1:]]
    if any(b"\r" in line or b"\0" in line for line in lines):
        response.find(DANGEROUS, f"CR or NUL in the head: {shown(head)}")


def field(response, line):
    name, colon, value = line.partition(b":")
    if line[:1] in (b" ", b"\t") or not colon or not TOKEN.fullmatch(name):
        response.find(DANGEROUS, f"a line that is no field: {shown(line)}")
    return name, value.strip(b" \t")


def read_body(response, raw, at, method, ended):
    codings, lengths = response.all(b"transfer-encoding"), response.all(b"content-length")
    judge_framing(response, codings, lengths)
    if method == b"HEAD" or response.status in NO_BODY or response.status == 101:
        response.complete, response.end = True, at
    elif codings:
        read_chunks(response, raw, at)
    elif lengths:
        size = int(lengths[0]) if re.fullmatch(rb"[0-9]{1,18}", lengths[0]) else 0
        response.body = raw[at:at + size]
        response.complete = len(response.body) == size
        response.end = at + len(response.body)
    else:
        response.body, response.complete, response.end = raw[at:], ended, len(raw)


def judge_framing(response, codings, lengths):
    if codings and lengths:
        response.find(DANGEROUS, "Transfer-Encoding and Content-Length")
    if codings and not ENDS_CHUNKED.fullmatch(b",".join(codings)):
        response.find(DANGEROUS, f"Transfer-Encoding {shown(b' + '.join(codings))}")
    if len(lengths) > 1:
        response.find(DANGEROUS, f"Content-Length {shown(b' + '.join(lengths))}")
    for length in lengths:
        if not re.fullmatch(rb"[0-9]{1,18}", length):
            response.find(DANGEROUS, f"Content-Length {shown(length)}")


def read_chunks(response, raw, at):
    size = None
    while size != 0:
        line, at = next_line(response, raw, at)
        found = CHUNK_SIZE.fullmatch(line) if line is not None else None
        if not found:
            if line is not None:
                response.find(DANGEROUS, f"a chunk size is {shown(line)}")
            return
        size = int(found[1], 16)
        response.body += raw[at:at + size]
        at += size
        if size and raw[at:at + 2] != b"\r\n":
            if len(raw) >= at + 2:
                response.find(DANGEROUS, f"a chunk ends with {shown(raw[at:at + 2])}")
            response.end = min(at + 2, len(raw))
            return
        at += 2 * (size > 0)
    read_trailers(response, raw, at)


def read_trailers(response, raw, at):
    while True:
        line, at = next_line(response, raw, at)
        if not line:
            response.complete = line is not None
            return
        name, value = field(response, line)
        response.trailers.append((name, value))
        if CONTROL.search(line):
            response.find(DANGEROUS, f"a control byte in a trailer: {shown(line)}")


def next_line(response, raw, at):
    """The line at `at` and what follows it; None when it has no end yet."""
    end = raw.find(b"\n", at)
    response.end = end + 1 if end >= 0 else len(raw)
    if end < 0:
        return None, at
    line = raw[at:end]
    if not line.endswith(b"\r") or b"\r" in line[:-1]:
        response.find(DANGEROUS, f"a line of the chunks ends otherwise: {shown(line)}")
    return line.removesuffix(b"\r"), end + 1
