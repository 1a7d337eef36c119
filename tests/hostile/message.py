"""One request in raw bytes, read by RFC 9112 and by nothing else. What is not
in its grammar is read on, as far as it can be, and told as a finding: another
parser might read it otherwise. Used by the hub on what a proxy sent.
"""

import dataclasses
import re

WEAK, DANGEROUS = "weak", "dangerous"
LARGEST_LENGTH = 2**63 - 1

TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]+)(?:[ \t]*;[^\x00-\x08\x0a-\x1f\x7f]*)?")
NAME = rb"(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})*"
HOST = re.compile(rb"(?:\[[0-9A-Fa-f:.]+\]|" + NAME + rb")(?::[0-9]*)?")
HEAD_END = re.compile(rb"\n\r?\n")
# What turns a host into a path, a list or somebody else's host for another parser.
MISLEADING = re.compile(rb"[@/?#\\\s,\x00-\x20]")


@dataclasses.dataclass(frozen=True)
class Finding:
    kind: str
    why: str


@dataclasses.dataclass
class Request:
    method: bytes = b""
    target: bytes = b""
    version: bytes = b""
    fields: list = dataclasses.field(default_factory=list)
    trailers: list = dataclasses.field(default_factory=list)
    body: bytes = b""
    head: bytes = b""
    complete: bool = False
    # Whether the end of a body cannot be found any more.
    broken: bool = False
    end: int = 0
    findings: list = dataclasses.field(default_factory=list)

    def all(self, name):
        """The values of the fields of that name, in lower case."""
        return [value for known, value in self.fields if known.lower() == name]

    def first(self, name):
        return next(iter(self.all(name)), b"")

    def find(self, kind, why):
        self.findings.append(Finding(kind, why))


def read(raw):
    """The request that `raw` begins with, complete or not."""
    request = Request()
    start = len(raw) - len(raw.lstrip(b"\r\n"))
    end = HEAD_END.search(raw, start)
    request.head = raw[start:end.end() if end else len(raw)]
    if not end:
        request.end = len(raw)
        return request
    read_head(request)
    read_body(request, raw, end.end())
    return request


def read_head(request):
    lines = request.head.split(b"\n")[:-2]
    if request.head.count(b"\r\n") != request.head.count(b"\n"):
        request.find(DANGEROUS, "a line ends in a bare line feed")
    lines = [line.removesuffix(b"\r") for line in lines]
    if any(b"\r" in line for line in lines):
        request.find(DANGEROUS, "a bare carriage return")
    read_request_line(request, lines[0])
    for line in lines[1:]:
        read_field(request, line, request.fields)
    judge_host(request)


def read_request_line(request, line):
    words = line.split(b" ")
    request.method = words[0]
    request.target = b" ".join(words[1:-1]) if len(words) > 2 else b"".join(words[1:2])
    request.version = words[-1] if len(words) > 2 else b""
    if len(words) != 3 or not request.target or CONTROL.search(line) or b"\t" in line:
        request.find(DANGEROUS, f"the request line is {shown(line)}")
    if not TOKEN.fullmatch(request.method):
        request.find(DANGEROUS, f"the method is {shown(request.method)}")
    if request.version not in (b"HTTP/1.1", b"HTTP/1.0"):
        request.find(DANGEROUS, f"the version is {shown(request.version)}")


def read_field(request, line, into):
    name, colon, value = line.partition(b":")
    into.append((name, value.strip(b" \t")))
    if line[:1] in (b" ", b"\t"):
        request.find(DANGEROUS, f"a line begins with a space: {shown(line)}")
    elif not colon or not TOKEN.fullmatch(name):
        request.find(DANGEROUS, f"a line that is no field: {shown(line)}")
    if CONTROL.search(line):
        # RFC 9110, section 5.5: NUL, CR and LF are dangerous, other control bytes invalid.
        kind = DANGEROUS if b"\0" in line or b"\r" in line else WEAK
        request.find(kind, f"a control byte: {shown(line)}")


def judge_host(request):
    hosts = request.all(b"host")
    if not hosts and request.version == b"HTTP/1.1":
        request.find(WEAK, "no Host")
    if len(hosts) > 1:
        request.find(DANGEROUS, f"{len(hosts)} Host fields")
    for host in hosts:
        if not HOST.fullmatch(host):
            kind = DANGEROUS if MISLEADING.search(host) else WEAK
            request.find(kind, f"the Host is {shown(host)}")
    authority = re.match(rb"(?i)[a-z][a-z0-9+.\-]*://([^/?#]*)", request.target)
    if authority:
        judge_authority(request, authority[1], hosts)


def judge_authority(request, authority, hosts):
    user, at, host = authority.rpartition(b"@")
    if at:
        request.find(WEAK, f"a user in the target: {shown(user)}")
    if host.lower() not in [known.lower() for known in hosts]:
        request.find(DANGEROUS, f"the target is {shown(request.target)}, the Host another")


def read_body(request, raw, start):
    codings, lengths = request.all(b"transfer-encoding"), request.all(b"content-length")
    judge_framing(request, codings, lengths)
    if codings:
        read_chunks(request, raw, start)
        return
    digits = lengths[0].lstrip(b"0") if lengths else b""
    length = int(digits) if re.fullmatch(rb"[0-9]{1,19}", digits) else 0
    request.body = raw[start:start + length]
    request.complete = len(request.body) == length
    request.end = start + len(request.body)


def judge_framing(request, codings, lengths):
    if codings and lengths:
        request.find(DANGEROUS, "Transfer-Encoding and Content-Length")
    if codings and [coding.lower() for coding in codings] != [b"chunked"]:
        request.find(DANGEROUS, f"Transfer-Encoding {shown(b' + '.join(codings))}")
    if codings and request.version != b"HTTP/1.1":
        request.find(DANGEROUS, "Transfer-Encoding in HTTP/1.0")
    if len(lengths) > 1:
        request.find(DANGEROUS, f"Content-Length {shown(b' + '.join(lengths))}")
    for length in lengths:
        if not re.fullmatch(rb"0*[0-9]{1,19}", length) or int(length.lstrip(b"0") or b"0") > LARGEST_LENGTH:
            request.find(DANGEROUS, f"Content-Length {shown(length)}")


def read_chunks(request, raw, at):
    """Chunks to the last, then trailers; stops where the framing is broken."""
    size = None
    while size != 0:
        line, at = next_line(request, raw, at)
        if line is None:
            return
        size = chunk_size(request, line)
        if size is None:
            return
        request.body += raw[at:at + size]
        request.end = min(at + size, len(raw))
        if size and not ends_chunk(request, raw, at + size):
            return
        at += size + 2 * (size > 0)
    while True:
        line, at = next_line(request, raw, at)
        if not line:
            request.complete = line is not None
            return
        read_field(request, line, request.trailers)


def chunk_size(request, line):
    size = CHUNK_SIZE.fullmatch(line)
    if not size or int(size[1], 16) > LARGEST_LENGTH:
        request.find(DANGEROUS, f"a chunk size is {shown(line)}")
        request.broken = True
        return None
    return int(size[1], 16)


def ends_chunk(request, raw, at):
    if len(raw) < at + 2:
        return False
    if raw[at:at + 2] != b"\r\n":
        request.find(DANGEROUS, f"a chunk ends with {shown(raw[at:at + 2])}")
        request.broken = True
        return False
    return True


def next_line(request, raw, at):
    """The line at `at` and what follows it; None when it has no end yet."""
    end = raw.find(b"\n", at)
    if end < 0:
        request.end = len(raw)
        return None, at
    request.end = end + 1
    line = raw[at:end]
    if not line.endswith(b"\r") or b"\r" in line[:-1]:
        request.find(DANGEROUS, f"a line of the chunks ends otherwise: {shown(line)}")
    return line.removesuffix(b"\r"), end + 1


def shown(value, most=60):
    text = repr(bytes(value))[1:]
    return text if len(text) <= most else f"{text[:most]}…"
