"""The corpus of hostile HTTP/1.1 requests: a module for each group."""

from . import (
    both, chunks, claims, content_length, fields, hosts, pipelining, request_line, rule_paths,
    sizes, targets, transfer_encoding, upgrades,
)

GROUPS = [module.GROUP for module in (
    content_length, transfer_encoding, both, chunks, request_line, targets, hosts, fields,
    sizes, claims, rule_paths, upgrades, pipelining,
)]
CASES = [case for group in GROUPS for case in group.cases]
