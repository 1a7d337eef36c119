"""A row of the table, and how its values are measured."""

import dataclasses
import typing


@dataclasses.dataclass(frozen=True)
class Row:
    key: str
    title: str
    # What hubgate's value may be of NGINX's: tuned, and as openHABian has it.
    goal: float | None = None
    openhabian: float | None = None
    # Whether rounds that lie far apart are a fault of the run; a tail or a part in clock ticks
    # varies by nature.
    steady: bool = True


@dataclasses.dataclass(frozen=True)
class Measurement:
    """Takes a stand and returns a value for each of its rows."""

    rows: tuple[Row, ...]
    take: typing.Callable
    # What does not differ from one round to the next is measured in the first.
    once: bool = False
