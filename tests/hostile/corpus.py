"""The corpora that scripts/hostile plays. To it, a corpus is

name                            a word; its section in docs/security.md and its --corpus
cases                           all of it, each with `group`, `name` and `control`
run(kind, folder, cases)        their outcomes before a contestant of that class, played at once
faults(outcomes)                a line for each that hubgate must not have
summary(outcomes)               one line
show(outcome)                   prints all about one of them
tables(results)                 Markdown; `results` has the outcomes by contestant and version
"""

import asyncio

import report
import requests
import stage


class Requests:
    """Hostile requests in HTTP/1.1."""

    name = "requests"
    cases = requests.CASES
    faults = staticmethod(report.faults)
    summary = staticmethod(report.summary)
    show = staticmethod(report.show)
    tables = staticmethod(report.tables)

    @staticmethod
    def run(kind, folder, cases):
        return asyncio.run(stage.run(kind(folder), cases))


CORPORA = [Requests]
