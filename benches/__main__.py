"""Measures hubgate beside NGINX and prints one table; scripts/bench starts it."""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

import load
from contestants import Hubgate, OpenHabian, Tuned, start_hub

CONTESTANTS = [Hubgate(), Tuned(), OpenHabian()]
# What warms a proxy up before its processor time counts.
WARM_UP = 1

SIZE = "binary, MB"
IDLE = "RSS idle, MB"
CROWDED = f"RSS with {load.IDLE} idle TLS connections, MB"
EACH = "RSS of each of them, KB"
TLS1 = "CPU of a request, HTTP/1.1 over TLS, µs"
TLS2 = "CPU of a request, HTTP/2 over TLS, µs"
PLAIN = "CPU of a request, HTTP/1.1 plain, µs"
HANDSHAKE = "CPU of a full TLS handshake, µs"


def main():
    options = parse()
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        sys.exit("bench: two cores are needed: one for the proxy, one for load and hub")
    os.sched_setaffinity(0, cores[1:])
    results = {contestant: {} for contestant in CONTESTANTS}
    with tempfile.TemporaryDirectory(prefix="hubgate-bench-") as folder:
        # NGINX as root serves as somebody else, who must get through here.
        os.chmod(folder, 0o755)
        folder = pathlib.Path(folder)
        with start_hub(folder, cores[1:]) as hub:
            for number in range(options.rounds):
                for contestant in CONTESTANTS:
                    print(f"round {number + 1}: {contestant.name}", file=sys.stderr)
                    bench = Bench(contestant, folder, hub.port, cores[:1], options.seconds)
                    for name, value in bench.round():
                        results[contestant].setdefault(name, []).append(value)
    report(results, options, len(cores))


def parse():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="of each proxy [5]")
    parser.add_argument("--seconds", type=int, default=3, metavar="N", help="of each load [3]")
    parser.add_argument("--quick", action="store_true", help="one round of a second")
    options = parser.parse_args()
    if options.quick:
        options.rounds = options.seconds = 1
    if options.rounds < 1 or options.seconds < 1:
        parser.error("at least one round and one second")
    return options


class Bench:
    """One round of one contestant."""

    def __init__(self, contestant, folder, hub, cores, seconds):
        self.contestant = contestant
        self.seconds = seconds
        self.start = lambda tls: contestant.start(folder, hub, cores, tls)

    def round(self):
        """Yields names and values."""
        yield SIZE, pathlib.Path(self.contestant.binary).stat().st_size / 1e6
        with self.start(True) as proxy:
            yield from memory(proxy)
            yield TLS1, self.cost(proxy, load.wrk, "https")
            if self.contestant.http2:
                yield TLS2, self.cost(proxy, load.h2load)
            yield HANDSHAKE, self.cost(proxy, load.handshakes)
        with self.start(False) as proxy:
            yield PLAIN, self.cost(proxy, load.wrk, "http")

    def cost(self, proxy, caller, *more):
        """Processor time of one request, in microseconds."""
        caller(proxy.port, WARM_UP, *more)
        before = proxy.cpu()
        requests = caller(proxy.port, self.seconds, *more)
        return (proxy.cpu() - before) / requests * 1e6


def memory(proxy):
    idle = proxy.rss()
    yield IDLE, idle / 1e6
    with load.idle_connections(proxy.port):
        crowded = proxy.rss()
        yield CROWDED, crowded / 1e6
        yield EACH, (crowded - idle) / load.IDLE / 1e3


def report(results, options, cores):
    names = [contestant.name for contestant in CONTESTANTS]
    print("| |", " | ".join(names), f"| {names[0]} : {names[1]} |")
    print("|---|" + "---:|" * (len(names) + 1))
    for metric in [SIZE, IDLE, CROWDED, EACH, TLS1, TLS2, PLAIN, HANDSHAKE]:
        medians = [median(results[contestant].get(metric)) for contestant in CONTESTANTS]
        cells = ["-" if value is None else f"{value:.1f}" for value in medians]
        print(f"| {metric} |", " | ".join(cells), f"| {medians[0] / medians[1]:.2f} |")
    print(f"\nMedians of {options.rounds} rounds in turn, {options.seconds} s of each load; "
          f"{cores} cores, one of them the proxy's; {version()}.")


def median(values):
    return statistics.median(values) if values else None


def version():
    done = subprocess.run([Tuned.binary, "-v"], capture_output=True, text=True, check=True)
    return done.stderr.strip().rpartition(" ")[2]


main()
