"""Sections of the documents that a test writes."""


def markers(section):
    """The comments before and after a section."""
    return f"<!-- {section} -->", f"<!-- /{section} -->"


def replace(page, begin, end, text):
    """Replaces the lines between two markers."""
    before, found, rest = page.read_text().partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise SystemExit(f"{page} has no section {begin} … {end}: add both lines")
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}")
