"""What the program itself weighs, and how soon it answers."""

import pathlib
import statistics
import time

from loads.visitor import Visitor
from rows.requests import TLS
from rows.row import Measurement, Row

STARTS = 5


def size(stand):
    return [pathlib.Path(stand.contestant.binary).stat().st_size / 1e6]


def first_answer(stand):
    return [statistics.median(start(stand) for _ in range(STARTS)) * 1e3]


def start(stand):
    stand.clear()
    begin = time.monotonic()
    with Visitor(stand.fresh(TLS).port) as visitor:
        visitor.ask()
    return time.monotonic() - begin


ITSELF = [
    Measurement((Row("size", "binary, MB"),), size, once=True),
    Measurement((Row("start", "start until the first answer, ms"),), first_answer, once=True),
]
