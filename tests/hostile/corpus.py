"""The corpora that scripts/hostile plays. To it, a corpus is

name                            a word; its section in docs/security.md and its --corpus
known                           how faults of hubgate's begin that are told in the document and stay
cases                           all of it, each with `group`, `name` and `control`
run(kind, folder, cases)        their outcomes before a contestant of that class, played at once
faults(outcomes)                a line for each that hubgate must not have
summary(outcomes)               one line
show(outcome)                   prints all about one of them
tables(results)                 Markdown; `results` has the outcomes by contestant and version
"""

import asyncio

import answer_stage
import answers
import frame_stage
import frames
import report
import request_stage
import requests


class Corpus:
    faults = staticmethod(report.faults)
    summary = staticmethod(report.summary)
    tables = staticmethod(report.tables)

    def __init__(self, name, cases, stage, show, known=()):
        self.name, self.cases, self.stage, self.show = name, cases, stage, show
        self.known = known

    def run(self, kind, folder, cases):
        return asyncio.run(self.stage.run(kind(folder), cases))


# The h2 crate drops pseudo fields in trailers instead of resetting the stream.
DROPPED_BY_H2 = (
    "weak: Messages: trailers with a pseudo field:", "weak: Messages: trailers with a status:",
)
CORPORA = [
    # Hostile requests in HTTP/1.1.
    Corpus("requests", requests.CASES, request_stage, report.show),
    # Hostile frames of HTTP/2.
    Corpus("frames", frames.CASES, frame_stage, report.show, known=DROPPED_BY_H2),
    # What a hub may answer.
    Corpus("answers", answers.CASES, answer_stage, report.show_answer),
]
