"""The corpus of hostile HTTP/2: a module for each part of RFC 9113, in its order."""

from . import claims, connection, downgrade, fields, frames, hpack, messages, pseudo, streams

GROUPS = [module.GROUP for module in (
    connection, frames, hpack, streams, messages, fields, pseudo, downgrade, claims,
)]
CASES = [case for group in GROUPS for case in group.cases]
