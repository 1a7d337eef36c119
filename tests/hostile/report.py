"""What came out, in words for a terminal and in tables for docs/security.md."""

import pathlib

from judge import KINDS
from kit import document
from message import DANGEROUS, WEAK

PAGE = pathlib.Path("docs/security.md")


def faults(outcomes):
    """A line for each case that a proxy must not have: weak, dangerous, or a control that is
    not served."""
    for outcome in filter(is_fault, outcomes):
        case, verdict = outcome.case, outcome.verdict
        kind = verdict.kind if verdict.kind in (WEAK, DANGEROUS) else "control"
        yield f"{kind}: {case.group}: {case.name}: {verdict.why}"


def is_fault(outcome):
    unserved = outcome.case.control and not outcome.verdict.served
    return unserved or outcome.verdict.kind in (WEAK, DANGEROUS)


def summary(outcomes):
    return f"{sums(outcomes)}; controls {served(outcomes)}"


def sums(outcomes):
    attacks = [outcome for outcome in outcomes if not outcome.case.control]
    counts = [sum(outcome.verdict.kind == kind for outcome in attacks) for kind in KINDS]
    return ", ".join(f"{count} {kind}" for count, kind in zip(counts, KINDS))


def served(outcomes):
    controls = [outcome for outcome in outcomes if outcome.case.control]
    return f"{sum(outcome.verdict.served for outcome in controls)}/{len(controls)}"


def show(outcome):
    """All about one case: what was sent, heard and answered."""
    print(f"## {outcome.case.group}: {outcome.case.name}\n{outcome.verdict}")
    for piece in outcome.case.pieces:
        print(f"  sent     {piece[:2000]}")
    for heard in outcome.connections:
        print(f"  heard    {heard.raw[:2000]}{'' if heard.request.complete else ' (not whole)'}")
    closed = "closed" if outcome.answers.closed else "open"
    print(f"  answered {outcome.answers.raw[:300]} ({closed})")


def show_answer(outcome):
    """The same of a hub's answer."""
    print(f"## {outcome.case.group}: {outcome.case.name}\n{outcome.verdict}")
    for step in outcome.case.steps:
        print(f"  hub      {step[:2000] if isinstance(step, bytes) else step}")
    for heard in [outcome.played, *outcome.probes]:
        print(f"  client   {heard.raw[:2000]} ({ending(heard)})")


def ending(heard):
    return "cut" if heard.torn else "closed" if heard.closed else "open"


def tables(results):
    """Markdown; `results` has the outcomes of each contestant by name and version."""
    yield from counts(results)
    yield ""
    yield from dangers(results)


def counts(results):
    yield "| group | " + " | ".join(results) + " |"
    yield "|---|" + "---:|" * len(results)
    for group in dict.fromkeys(o.case.group for outcomes in results.values() for o in outcomes):
        yield row(group, results, lambda outcome, group=group: outcome.case.group == group)
    yield row("**all**", results, lambda outcome: True)
    controls = " | ".join(served(outcomes) for outcomes in results.values())
    yield f"| legal ones served | {controls} |"


def row(name, results, belongs):
    cells = []
    for outcomes in results.values():
        attacks = [o for o in outcomes if belongs(o) and not o.case.control]
        numbers = [sum(o.verdict.kind == kind for o in attacks) for kind in KINDS]
        cells.append(" / ".join(map(str, numbers)))
    return f"| {name} | " + " | ".join(cells) + " |"


def dangers(results):
    """Markdown: the dangerous cases of each by name."""
    for name, outcomes in results.items():
        found = [outcome for outcome in outcomes if outcome.verdict.kind == DANGEROUS]
        yield f"**{name}**: {len(found) or 'no'} dangerous"
        yield ""
        groups = dict.fromkeys(outcome.case.group for outcome in found)
        for group in groups:
            names = [f"`{o.case.name}`" for o in found if o.case.group == group]
            yield f"- {group}: " + ", ".join(names)
        yield from [""] * bool(groups)


def write(section, lines):
    """Puts the lines between the section's markers in docs/security.md."""
    document.replace(PAGE, *document.markers(section), "\n".join(lines).strip())
