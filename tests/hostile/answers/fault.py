"""A case: what the hub does when it is asked, and what its client may hear of it."""

import dataclasses

from case import HOST, pieces, shown

# What the hub does beside saying bytes: it hangs up, hangs up with a reset, says no more.
CLOSE, RESET, SILENCE = "close", "reset", "silence"
BODY = "case0000 whole"
STRAY = "HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\ncase0000 stray"


@dataclasses.dataclass
class Fault:
    """`steps` are bytes to say, seconds to wait, and CLOSE, RESET or SILENCE at the end; without
    one the hub waits for the next request. `status` and `body` are what may be passed on, where
    anything may; `cut` says that this is not the whole. `rule` is what wants the answer refused.
    `never` are names of fields that the client must not hear. A control has to be passed on."""

    group: str
    name: str
    steps: list
    status: int = 200
    body: str | None = BODY
    cut: bool = False
    rule: str = ""
    never: tuple = ()
    control: bool = False
    request: bytes = b""
    method: bytes = b"GET"

    @property
    def silent(self):
        return self.steps[-1] == SILENCE


class Group:
    """The cases of one subject."""

    def __init__(self, name):
        self.name = name
        self.cases = []

    def fault(self, name, *steps, **more):
        self._add(name, steps, control=False, **more)

    def control(self, name, *steps, **more):
        self._add(name, steps, control=True, **more)

    def _add(self, name, steps, method="GET", fields="", sent="", **more):
        steps = [pieces(step)[0] if isinstance(step, str) and step not in (CLOSE, RESET, SILENCE)
                 else step for step in steps]
        request = asked(method, fields, sent)
        self.cases.append(Fault(self.name, shown(name), steps, request=request,
                                method=method.encode(), **more))


def asked(method, fields, sent):
    """The request that is answered like this."""
    lines = [f"{method} /case0000 HTTP/1.1", HOST, "X-Case: case0000", fields]
    return ("\r\n".join(line for line in lines if line) + "\r\n\r\n" + sent).encode()


def answer(fields="", body=BODY, line="HTTP/1.1 200 OK", length=True):
    """An answer with its length, unless that is in `fields` or not at all."""
    lines = [line, f"Content-Length: {len(body)}" if length else "", fields]
    return "\r\n".join(part for part in lines if part) + "\r\n\r\n" + body


def chunked(*chunks, fields="", end="0\r\n\r\n", line="HTTP/1.1 200 OK"):
    """An answer in chunks."""
    body = "".join(f"{len(chunk):x}\r\n{chunk}\r\n" for chunk in chunks) + end
    fields = "Transfer-Encoding: chunked" + ("\r\n" + fields if fields else "")
    return answer(fields, body, line=line, length=False)
