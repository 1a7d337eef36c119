"""Limits of the test's own process."""

import resource


def allow_many_descriptors():
    """Raises the limit of open files to the highest that is allowed."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
