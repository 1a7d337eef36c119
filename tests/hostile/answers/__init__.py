"""The corpus of a hub's faulty answers: a module for each group."""

from . import (
    bodiless, breaks, chunks, codings, fields, hops, interim, lengths, several, status_line,
    upgrades,
)

GROUPS = [module.GROUP for module in (
    status_line, fields, lengths, codings, chunks, bodiless, interim, several, breaks, hops,
    upgrades,
)]
CASES = [case for group in GROUPS for case in group.cases]
