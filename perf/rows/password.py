"""What a page costs that asks for a password."""

from contestants import Setup
from loads import ITEMS, h2load
from rows.row import Measurement, Row


def measure(kind):
    def take(stand):
        return [stand.cost(Setup(password=kind), h2load.pages) * 1e3]
    return take


def row(kind, hashed, goal=None):
    title = f"CPU of a page of {ITEMS} items behind a password ({hashed}), ms"
    return Row(kind, title, goal)


BEHIND_A_PASSWORD = [
    Measurement((row("apr1", "apr1, as openHABian makes it"),), measure("apr1")),
    Measurement((row("bcrypt", "bcrypt, cost 5", 0.05),), measure("bcrypt")),
]
