"""The proxies that are compared, each told the same four things of a setup."""

import dataclasses
import pathlib

from process import Process, free_port


@dataclasses.dataclass(frozen=True)
class Setup:
    """What a proxy is to do, and before which hub."""

    hub: str = "answers"
    tls: bool = True
    client_certificate: bool = False
    # The kind of hash, where a password is asked for; with a client certificate, one of both.
    password: str | None = None
    # Whether rules for paths stand beside the site's own.
    paths: bool = False


@dataclasses.dataclass
class Place:
    """Where a proxy stands while it is measured."""

    folder: pathlib.Path
    port: int
    hub: int
    setup: Setup
    keys: object


class Contestant:
    """A proxy in one configuration: `write` makes its files and returns its command."""

    def start(self, house, setup):
        """Starts it on a free port."""
        folder = house.folder / type(self).__name__
        folder.mkdir(exist_ok=True)
        place = Place(folder, free_port(), house.hubs[setup.hub].port, setup, house.keys)
        command = self.write(place)
        return Process(
            command, house.proxy_cores, folder / "output", place.port,
            XDG_CONFIG_HOME=str(folder), XDG_DATA_HOME=str(folder),
        )
