"""Runs suites that others wrote against hubgate and prints one table; scripts/suites starts it."""

import argparse
import importlib
import pathlib
import sys
import tempfile

import document
from kit.limits import allow_many_descriptors

SUITES = ["scanners", "handshakes", "slow", "websocket", "crowd", "unread"]


def main():
    options = parse()
    allow_many_descriptors()
    rows = []
    for name in options.names or SUITES:
        print(f"==> {name}", file=sys.stderr)
        with tempfile.TemporaryDirectory(prefix="hubgate-suites-") as folder:
            for row in importlib.import_module(name).run(pathlib.Path(folder)):
                tell(row)
                rows.append(row)
    text = document.table(rows)
    print(text)
    if options.write:
        document.write(text)
    sys.exit(any(row.wrong for row in rows))


def parse():
    parser = argparse.ArgumentParser(prog="scripts/suites", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=" ".join(SUITES) + " [all]")
    parser.add_argument("--write", action="store_true", help="put the table into docs/security.md")
    options = parser.parse_args()
    for name in options.names:
        if name not in SUITES:
            parser.error(f"no suite {name}; there are: {' '.join(SUITES)}")
    if options.write and options.names:
        parser.error("--write is for all suites")
    return options


def tell(row):
    print(f"    {row.suite}, {row.what}: {row.result}", file=sys.stderr)
    for line in row.wrong:
        print(f"    WRONG: {line}", file=sys.stderr)


try:
    main()
except ChildProcessError as failure:
    sys.exit(f"suites: {failure}")
