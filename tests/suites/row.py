"""What a suite found: a row of the table, and what is wrong."""

import dataclasses


@dataclasses.dataclass
class Row:
    suite: str
    what: str
    result: str
    wrong: list[str]

    def markdown(self):
        return f"| {self.suite} | {self.what} | {self.result} |"
