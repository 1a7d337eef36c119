"""Plays hostile bytes to hubgate and its peers and judges what comes of them;
scripts/hostile starts it."""

import argparse
import os
import sys
import tempfile

import report
from contestants import CONTESTANTS, Hubgate
from corpus import CORPORA


def main():
    options = parse()
    wrong = 0
    for corpus in options.corpora:
        cases = [case for case in corpus.cases if options.case.lower() in title(case).lower()]
        if options.list:
            list(map(print, map(title, cases)))
            continue
        results = {}
        for kind in options.contestants:
            label, outcomes = play(corpus, kind, cases)
            results[label] = outcomes
            known = corpus.known if kind is Hubgate else ()
            faults = [fault for fault in corpus.faults(outcomes) if not fault.startswith(known)]
            wrong += len(faults) if kind is Hubgate else 0
            tell(label, corpus, outcomes, faults, shown=bool(options.case))
        publish(corpus, results, options)
    sys.exit(wrong > 0)


def parse():
    names = {kind.program.lower(): kind for kind in CONTESTANTS}
    corpora = {corpus.name: corpus for corpus in CORPORA}
    parser = argparse.ArgumentParser(prog="scripts/hostile", description=__doc__)
    parser.add_argument("--only", choices=names, metavar="NAME", help=" or ".join(names))
    parser.add_argument("--corpus", choices=corpora, metavar="NAME", help=" or ".join(corpora))
    parser.add_argument("--case", default="", metavar="TEXT",
                        help="only cases with this in group and name, each shown whole")
    parser.add_argument("--list", action="store_true", help="name the cases and end")
    parser.add_argument("--markdown", action="store_true", help="print the tables")
    parser.add_argument("--write", action="store_true", help="write them to docs/security.md")
    options = parser.parse_args()
    options.contestants = [names[options.only]] if options.only else CONTESTANTS
    options.corpora = [corpora[options.corpus]] if options.corpus else CORPORA
    if options.write and (options.only or options.case):
        parser.error("--write is for all contestants and cases")
    return options


def title(case):
    return f"{case.group}: {case.name}{' (control)' if case.control else ''}"


def play(corpus, kind, cases):
    """The contestant's name with its version, and its outcomes."""
    with tempfile.TemporaryDirectory(prefix="hubgate-hostile-") as folder:
        # NGINX as root serves as somebody else, who must get through here.
        os.chmod(folder, 0o755)
        return kind(folder).version(), corpus.run(kind, folder, cases)


def tell(label, corpus, outcomes, faults, shown):
    for fault in faults:
        print(f"{label}: {fault}", file=sys.stderr)
    print(f"{label}: {corpus.name}: {corpus.summary(outcomes)}", file=sys.stderr)
    if shown:
        list(map(corpus.show, outcomes))


def publish(corpus, results, options):
    if options.markdown:
        print("\n".join(corpus.tables(results)))
    if options.write:
        report.write(corpus.name, corpus.tables(results))


try:
    main()
except ChildProcessError as failure:
    sys.exit(f"hostile: {failure}")
