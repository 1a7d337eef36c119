"""HTTP/2 as fast as it goes, HTTP/1.1 at a fixed pace, and crowds of new connections, by h2load."""

import re
import statistics
import time

from loads import BASIC, ITEMS, run
from process import Failed

# Of the paced load: connections, and requests a second of each.
CONNECTIONS, RATE = 10, 100
# Connections of counted requests, and the streams at a time of each over HTTP/2.
COUNTED = {"http/1.1": ["--h1", "-c8"], "h2": ["-c4", "-m8"]}
# Of requests that a busy machine may fail to send in time.
LATE = 0.9
# As few as there are connections.
LEAST = 8
# Seconds that they may take.
COUNTED_SECONDS = 300
# New connections at a time: with one request each, and with a page.
CROWD, READERS = 50, 8


def requests(port, seconds):
    """How many were answered on four connections with eight streams each."""
    return load(["-c4", "-m8"], port, seconds, "h2")


def delays(port, seconds, folder):
    """The median and the 99th percentile of the answers' delays, in microseconds."""
    log = folder / "delays"
    log.unlink(missing_ok=True)
    pace = ["--h1", f"-c{CONNECTIONS}", f"--rps={RATE}", f"--log-file={log}"]
    load(pace, port, seconds, "http/1.1")
    rows = [line.split() for line in log.read_text().splitlines()]
    if len(rows) < LATE * seconds * CONNECTIONS * RATE:
        raise Failed(f"h2load sent {len(rows)} requests in {seconds} s only")
    found = statistics.quantiles([int(row[2]) for row in rows], n=100)
    return found[49], found[98]


def counted(protocol, scheme="https"):
    """A load of so many requests, however long they take."""
    def make(port, count):
        options = [*COUNTED[protocol], f"-n{count}"]
        return load(options, port, COUNTED_SECONDS, protocol, scheme, endless=True)
    return make


def paced(protocol, rate):
    """A load of so many requests a second on ten connections."""
    def make(port, seconds):
        only = ["--h1"] if protocol == "http/1.1" else []
        options = [*only, f"-c{CONNECTIONS}", f"--rps={rate // CONNECTIONS}"]
        done = load(options, port, seconds, protocol)
        if done < LATE * seconds * rate:
            raise Failed(f"h2load sent {done} requests in {seconds} s only")
        return done
    return make


def handshakes(port, seconds):
    """Full handshakes with a request each: h2load resumes no session."""
    return again([f"-c{CROWD}", f"-n{CROWD}"], port, seconds)


def pages(port, seconds):
    """Pages of forty items behind a password, each on a new connection."""
    options = [f"-c{READERS}", f"-n{READERS * ITEMS}", "-H", f"Authorization: {BASIC}"]
    return again(options, port, seconds) / ITEMS


def again(options, port, seconds):
    """How many requests were answered by one crowd after the other."""
    done, limit = 0, time.monotonic() + seconds
    while time.monotonic() < limit:
        done += load(["--h1", *options], port, 0, "http/1.1")
    return done


def load(options, port, seconds, protocol, scheme="https", endless=False):
    """How many requests were answered, in that time or, without or `endless`, as the options say."""
    duration = ["-D", str(seconds)] if seconds and not endless else []
    printed = run(["h2load", *options, *duration, f"{scheme}://127.0.0.1:{port}/"], seconds)
    if scheme == "https" and f"Application protocol: {protocol}" not in printed:
        raise Failed(f"no {protocol} was agreed on")
    done, failed, good = (
        int(re.search(rf"(\d+) {what}", printed)[1]) for what in ["succeeded", "failed", "2xx"]
    )
    # The status of an answer that the end cuts off counts, the answer does not.
    if failed or good < done or not done:
        raise Failed(f"h2load: {failed} failed, {good} of {done} were 200")
    return done
