"""Measures hubgate beside its peers and prints one table; scripts/bench starts it."""

import argparse
import contextlib
import os
import pathlib
import signal
import sys
import tempfile
import time

import hubs
from budgets import BUDGETS, exceeded
from contestants.caddy import Caddy
from contestants.haproxy import HAProxy
from contestants.hubgate import Hubgate
from contestants.nginx import OpenHabian, Tuned
from keys import Keys
from kit import document
from kit.limits import allow_many_descriptors
from process import Failed
from rows import COST, SPEED
from stand import Stand
from table import APART, Table

# How often rows are measured again whose rounds lay too far apart.
REPEATS = 3
# Rounds without which no table is written.
FEWEST = 3
# What a measurement may end with that ends nothing else.
FAILURES = (Failed, OSError, EOFError, TimeoutError)


class House:
    """What all contestants share: hubs, keys, cores and a folder."""

    def __init__(self, folder, cores):
        self.folder = folder
        self.all_cores, self.proxy_cores, self.other_cores = cores, cores[:1], cores[1:]
        self.keys = Keys(folder / "keys")

    @contextlib.contextmanager
    def open(self):
        with hubs.start_answers(self.folder, self.other_cores) as answers:
            with hubs.start_events(self.folder, self.other_cores) as events:
                self.hubs = {"answers": answers, "events": events}
                yield self

    def move(self, cores):
        """Runs the load, which inherits them of this program, and the hubs on these cores."""
        os.sched_setaffinity(0, cores)
        for hub in self.hubs.values():
            hub.move(cores)


def main():
    options = parse()
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        sys.exit("bench: two cores are needed: one for the proxy, one for load and hub")
    os.sched_setaffinity(0, cores[1:])
    allow_many_descriptors()
    # So that every `with` block ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: ended from outside"))
    table = Table(contestants(options))
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hubgate-bench-") as folder:
        # NGINX as root serves as somebody else, who must get through here.
        os.chmod(folder, 0o755)
        table.contestants[0].keep(pathlib.Path(folder))
        with House(pathlib.Path(folder), cores).open() as house:
            compete(table, house, options)
        report = "\n".join([
            *table.lines([row for row in options.sheet.rows() if row.key in options.only]),
            "", summary(options, table, len(cores), time.monotonic() - begin),
        ])
    print(report)
    if options.budgets and exceeded(table):
        sys.exit(1)
    if options.write:
        must_be_steady(table, options)
        document.replace(options.sheet.document, options.sheet.mark, options.sheet.mark, report)


def parse():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="of each proxy [3]")
    parser.add_argument("--seconds", type=int, default=2, metavar="N", help="of each load [2]")
    parser.add_argument("--quick", action="store_true", help="one round of a second")
    parser.add_argument("--attacks", dest="sheet", action="store_const", const=COST, default=SPEED,
                        help="what an anonymous client can make a proxy spend and hold")
    parser.add_argument("--only", metavar="ROW,…", help=f"{keys(SPEED)}; with --attacks: {keys(COST)}")
    parser.add_argument("--alone", action="store_true", help="hubgate without its peers")
    parser.add_argument("--budgets", action="store_true",
                        help="count instructions, and fail where perf/budgets.toml is exceeded")
    parser.add_argument("--binary", default="target/release/hubgate", metavar="PATH")
    parser.add_argument("--write", action="store_true", help="put the table into its document below docs")
    options = parser.parse_args()
    if options.quick or options.budgets:
        options.rounds = options.seconds = 1
    if options.budgets:
        options.alone, options.only = True, ",".join(BUDGETS)
    if options.write and options.rounds < FEWEST:
        parser.error(f"--write needs {FEWEST} rounds at least")
    if options.write and options.alone:
        parser.error("--write needs the peers, so it does not go with --alone")
    sheet = options.sheet
    if options.write and sheet.mark not in sheet.document.read_text():
        parser.error(f"{sheet.document} has no place for the table: {sheet.mark}")
    if options.rounds < 1 or options.seconds < 1:
        parser.error("at least one round and one second")
    options.only = (options.only or keys(sheet)).replace(" ", "").split(",")
    unknown = sorted(set(options.only) - {row.key for row in sheet.rows()})
    if unknown:
        parser.error(f"no row {', '.join(unknown)}; there are: {keys(sheet)}")
    return options


def keys(sheet):
    return ", ".join(row.key for row in sheet.rows())


def contestants(options):
    """Those that are there; only without hubgate there is nothing to compare."""
    hubgate = Hubgate(os.path.abspath(options.binary))
    if not os.access(hubgate.binary, os.X_OK):
        sys.exit(f"bench: no hubgate at {options.binary}")
    found, wanted = [hubgate], options.sheet.peers
    for other in [] if options.alone else [Tuned(), OpenHabian(), HAProxy(), Caddy()]:
        if wanted and other.name not in wanted:
            continue
        if os.access(other.binary, os.X_OK):
            found.append(other)
        else:
            tell(f"{other.name} is left out: no {other.binary}")
    return found


def compete(table, house, options):
    play(table, house, options, wanted(options))
    for _ in range(REPEATS):
        again = unsteady(table, options)
        if not again:
            return
        tell(f"once more, as the rounds lay far apart: {titles(again)}")
        for measurement in again:
            table.forget(measurement)
        play(table, house, options, again)


def play(table, house, options, measurements):
    for number in range(options.rounds):
        for contestant in table.contestants:
            tell(f"round {number + 1} of {options.rounds}: {contestant.name}")
            with Stand(contestant, house, options.seconds) as stand:
                for measurement in measurements:
                    if not (measurement.once and number):
                        measure(table, stand, measurement)


def wanted(options):
    return [
        measurement for measurement in options.sheet.measurements
        if any(row.key in options.only for row in measurement.rows)
    ]


def unsteady(table, options):
    """The measurements whose rounds lie too far apart."""
    if not options.sheet.steady:
        return []
    return [measurement for measurement in wanted(options) if not table.is_steady(measurement)]


def must_be_steady(table, options):
    left = unsteady(table, options)
    if left:
        sys.exit(f"bench: nothing is written: the rounds of {titles(left)} lie more than "
                 f"{100 * APART:.0f} % apart: let nothing else run on this machine")


def titles(measurements):
    return ", ".join(row.key for measurement in measurements for row in measurement.rows)


def measure(table, stand, measurement):
    """Adds the values, or tells what failed; what failed once is not tried again."""
    contestant = stand.contestant
    if table.has_failed(contestant, measurement):
        return
    try:
        for row, value in zip(measurement.rows, measurement.take(stand)):
            tell(f"  {row.key}: {value:.3g}")
            table.add(contestant, row, value)
    except FAILURES as failure:
        tell(f"  {measurement.rows[0].key} failed: {failure or type(failure).__name__}")
        table.fail(contestant, measurement, failure or type(failure).__name__)
        stand.clear()


def summary(options, table, cores, passed):
    versions = dict.fromkeys(contestant.version() for contestant in table.contestants)
    return (
        f"{'Medians of ' if options.rounds > 1 else ''}{counted(options.rounds, 'round')} in turn, "
        f"{options.seconds} s of each load; instructions, memory, streams, start and size once; "
        f"{cores} cores, one of them the proxy's where the row names none; "
        f"{', '.join(versions)}; {passed / 60:.0f} minutes."
    )


def counted(number, what):
    return f"{number} {what}" + ("s" if number > 1 else "")


def tell(line):
    print(line, file=sys.stderr, flush=True)


main()
