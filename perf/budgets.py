"""Instruction budgets: what hubgate, as `cargo build --release` makes it, may execute."""

import pathlib
import sys
import tomllib

BUDGETS = tomllib.loads(pathlib.Path(__file__).with_suffix(".toml").read_text())
# A figure differs by less than 1 % from one run to the next.
TOLERANCE = 0.03


def exceeded(table):
    """Prints each figure beside its budget, and says whether one is over it or missing."""
    return any([is_exceeded(key, budget, table.value("hubgate", key))
                for key, budget in BUDGETS.items()])


def is_exceeded(key, budget, counted):
    if counted is None:
        return say(key, "not counted", True)
    part = counted / budget - 1
    digits = 0 if budget >= 1000 else 1
    figures = f"{counted:,.{digits}f} of {budget:,}, {100 * part:+.1f} %"
    if part > TOLERANCE:
        return say(key, f"{figures}: over budget", True)
    if part < -TOLERANCE:
        return say(key, f"{figures}: lower the budget in perf/budgets.toml", False)
    return say(key, figures, False)


def say(key, what, is_fault):
    print(f"bench: {key}: {what}", file=sys.stderr)
    return is_fault
