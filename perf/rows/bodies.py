"""What a megabyte costs, down and up."""

from contestants import Setup
from loads import visitor, wrk
from rows.requests import MICRO, TLS
from rows.row import Measurement, Row


def hundred_kilobytes(stand):
    return [stand.cost(TLS, wrk.megabytes, "/100k") * MICRO]


def ten_megabytes(stand):
    return [stand.cost(TLS, wrk.megabytes, "/10m") * MICRO]


def upload(stand):
    return [stand.cost(Setup(hub="events"), visitor.uploads) * MICRO]


DOWN = [
    Measurement((Row("100k", "CPU of a MB in answers of 100 KB, µs", 0.85),), hundred_kilobytes),
    Measurement((Row("10m", "CPU of a MB in answers of 10 MB, µs", 0.85),), ten_megabytes),
]
UP = [Measurement((Row("upload", "CPU of a MB in uploads of 100 MB, µs"),), upload)]
