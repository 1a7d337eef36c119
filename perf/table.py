"""The values of all rounds, and the Markdown table that is made of them."""

import statistics

# What hubgate is compared with, by ratio.
REFERENCES = ["NGINX tuned", "NGINX openHABian"]
# How far the rounds of a row may lie apart, as a part of their median.
APART = 0.1


class Table:
    def __init__(self, contestants):
        self.contestants = contestants
        names = [contestant.name for contestant in contestants]
        # Without its peers hubgate is still asked how it would compare.
        self.references = [name for name in REFERENCES if name in names] or REFERENCES
        self.values = {}
        self.failures = {}

    def add(self, contestant, row, value):
        self.values.setdefault((contestant.name, row.key), []).append(value)

    def fail(self, contestant, measurement, why):
        self.failures[contestant.name, measurement] = " ".join(str(why).split())

    def has_failed(self, contestant, measurement):
        return (contestant.name, measurement) in self.failures

    def forget(self, measurement):
        """Drops the values of its rows, which are measured again."""
        keys = {row.key for row in measurement.rows}
        self.values = {at: values for at, values in self.values.items() if at[1] not in keys}

    def is_steady(self, measurement):
        rows = [row for row in measurement.rows if row.steady]
        return all((self.apart(row) or 0) <= APART for row in rows)

    def apart(self, row):
        """How far its rounds lie apart, of those proxies that are compared by ratio."""
        names = [contestant.name for contestant in self.contestants if contestant.compared]
        rounds = [self.values.get((name, row.key), []) for name in names]
        found = [
            (max(values) - min(values)) / statistics.median(values)
            for values in rounds if len(values) > 1 and statistics.median(values)
        ]
        return max(found, default=None)

    def lines(self, rows):
        names = [contestant.name for contestant in self.contestants]
        ratios = [f"hubgate : {name}" for name in self.references]
        titles = ["", *names, *ratios, "rounds apart", "goal", "reached"]
        yield f"| {' | '.join(titles)} |"
        yield "|---|" + "---:|" * (len(names) + len(ratios) + 1) + "---|---|"
        for row in rows:
            yield f"| {' | '.join([row.title, *self.cells(row)])} |"
        yield from self.not_measured()

    def cells(self, row):
        medians = [self.median(contestant.name, row) for contestant in self.contestants]
        ratios = {name: self.ratio(row, name) for name in self.references}
        tuned, openhabian = (ratios.get(name) for name in REFERENCES)
        yield from map(number, medians)
        yield from ["-" if ratio is None else f"{ratio:.2f}" for ratio in ratios.values()]
        apart = self.apart(row)
        yield "" if apart is None else f"{100 * apart:.0f} %"
        yield from judge([
            (row.goal, tuned, f"≤ {row.goal}"),
            (row.openhabian, openhabian, f"≤ {row.openhabian} of openHABian"),
        ])

    def ratio(self, row, other):
        own, its = self.median("hubgate", row), self.median(other, row)
        return own / its if own is not None and its else None

    def median(self, name, row):
        return self.value(name, row.key)

    def value(self, name, key):
        """The median of its rounds."""
        values = self.values.get((name, key))
        return statistics.median(values) if values else None

    def not_measured(self):
        if self.failures:
            yield ""
        for (name, measurement), why in self.failures.items():
            keys = ", ".join(row.key for row in measurement.rows)
            known = len(self.values.get((name, measurement.rows[0].key), []))
            what = f"Failed after {known} of the rounds" if known else "Not measured"
            yield f"- {what}: {name}, {keys}: {why}"


def judge(goals):
    """What is aimed at, and whether it is reached."""
    aims = [(goal, ratio, text) for goal, ratio, text in goals if goal and ratio is not None]
    if not aims:
        return "", ""
    missed = [text for goal, ratio, text in aims if ratio > goal]
    reached = "yes" if not missed else "no" if len(missed) == len(aims) else f"not {missed[0]}"
    return "; ".join(text for _, _, text in aims), reached


def number(value):
    """With three digits that mean something."""
    if value is None:
        return "-"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"
