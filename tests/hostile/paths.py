"""As which paths hubs read a target: where one of these readings lies behind the
rule for `/admin`, the request got past it.
"""

import re
import urllib.parse

from contestants import GUARDED
from message import DANGEROUS, WEAK


def past_the_rule(target):
    """How badly a target that was forwarded gets past the rule, or None."""
    path = re.sub(r"^[a-zA-Z][a-zA-Z0-9+.\-]*://[^/?#]*", "", target.decode("latin-1"))
    path = re.split("[?#]", path)[0]
    if any(guarded(reading) for reading in common(path)):
        return DANGEROUS
    return WEAK if any(guarded(reading) for reading in careless(path)) else None


def guarded(path):
    return path == GUARDED or path.startswith(GUARDED + "/")


def common(path):
    """By RFC 3986, dots before or after the escapes; and as Jetty and Tomcat do, without
    path parameters; each with slashes merged and not."""
    for read in (path, without_parameters(path)):
        for decoded in (read, decode(read), decode(without_dots(read))):
            yield from (without_dots(decoded), without_dots(merge(decoded)))


def careless(path):
    """By readers that leave dots where they are, and by those with a fault that was common
    once: escapes read twice, backslashes as slashes, overlong UTF-8, %u, an end at the first
    NUL, and parameters cut off behind an escaped semicolon."""
    yield from (path, decode(path), without_parameters(decode(path)))
    twice = decode(decode(path))
    unicode = re.sub(r"%u00([0-9a-fA-F]{2})", r"%\1", path)
    short = re.sub(r"%[cC]0%([aA][eEfF])", lambda m: "%" + {"ae": "2e", "af": "2f"}[m[1].lower()], path)
    for read in (twice, unicode, short, path, decode(path).split("\0")[0], decode(path).replace("\0", "")):
        yield from common(read.replace("\\", "/"))
        yield from common(decode(read).replace("\\", "/"))


def decode(path):
    return urllib.parse.unquote(path, encoding="latin-1")


def without_parameters(path):
    return re.sub(r";[^/]*", "", path)


def merge(path):
    return re.sub("/+", "/", path)


def without_dots(path):
    """RFC 3986, section 5.2.4."""
    kept = []
    for segment in path.split("/")[1:]:
        if segment == "..":
            kept = kept[:-1]
        elif segment != ".":
            kept.append(segment)
    return "/" + "/".join(kept)
