"""What must hold after a kill, and does not."""


class Loss(Exception):
    """Something that was lost, in a sentence."""


def holds(condition, what):
    if not condition:
        raise Loss(what)
