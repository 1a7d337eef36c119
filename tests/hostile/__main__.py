"""Plays hostile requests to hubgate and its peers and judges what the hub heard;
scripts/hostile starts it."""

import argparse
import asyncio
import os
import sys
import tempfile

import report
import stage
from contestants import CONTESTANTS, Hubgate
from requests import CASES


def main():
    options = parse()
    chosen = [case for case in CASES if options.case.lower() in f"{case.group}: {case.name}".lower()]
    if options.list:
        for case in chosen:
            print(f"{case.group}: {case.name}{' (control)' if case.control else ''}")
        return
    results = {}
    for kind in options.contestants:
        name, outcomes = run(kind, chosen)
        report.tell(name, outcomes)
        if options.case:
            list(map(report.show, outcomes))
        results[name] = outcomes
    lines = [*report.tables(results), "", *report.dangers(results)]
    if options.markdown:
        print("\n".join(lines))
    if options.write:
        report.write("requests", lines)
    sys.exit(any(name.startswith(Hubgate.name) and report.faults(outcomes)
                 for name, outcomes in results.items()))


def parse():
    names = {kind.name.lower(): kind for kind in CONTESTANTS}
    parser = argparse.ArgumentParser(prog="scripts/hostile", description=__doc__)
    parser.add_argument("--only", choices=names, metavar="NAME", help=" or ".join(names))
    parser.add_argument("--case", default="", metavar="TEXT",
                        help="only cases with this in group and name, each shown whole")
    parser.add_argument("--list", action="store_true", help="name the cases and end")
    parser.add_argument("--markdown", action="store_true", help="print the tables")
    parser.add_argument("--write", action="store_true", help="write them to docs/security.md")
    options = parser.parse_args()
    options.contestants = [names[options.only]] if options.only else CONTESTANTS
    if options.write and (options.only or options.case):
        parser.error("--write is for all contestants and cases")
    return options


def run(kind, chosen):
    with tempfile.TemporaryDirectory(prefix="hubgate-hostile-") as folder:
        # NGINX as root serves as somebody else, who must get through here.
        os.chmod(folder, 0o755)
        contestant = kind(folder)
        outcomes = asyncio.run(stage.run(contestant, chosen))
        return f"{contestant.name} {contestant.version()}", outcomes


main()
