"""The proxies that are compared, each told the same four things of a setup."""

import dataclasses
import pathlib

from kit import peers
from kit.ports import free_port
from process import Counted, Process


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
    # Whether proxy, load and hub may use every core, as on a small board.
    all_cores: bool = False
    # Whether valgrind counts the instructions of the proxy.
    counted: bool = False


@dataclasses.dataclass
class Place:
    """Where a proxy stands while it is measured."""

    folder: pathlib.Path
    port: int
    hub: int
    setup: Setup
    keys: object
    cores: list


class Contestant:
    """A proxy in one configuration: `write` makes its files, `run` is its command."""

    # Whether rows of instructions have a figure for it.
    countable = False
    # Whether a row of it that varies is measured again.
    compared = False

    def start(self, house, setup):
        """Starts it on a free port."""
        folder = house.folder / type(self).__name__
        folder.mkdir(exist_ok=True)
        place = Place(folder, free_port(), house.hubs[setup.hub].port, setup, house.keys,
                      house.all_cores)
        self.write(place)
        kind = Counted if setup.counted else Process
        cores = house.all_cores if setup.all_cores else house.proxy_cores
        return kind(
            self.run(place), cores, folder / "output", place.port, env=peers.environment(folder)
        )

    def run(self, place):
        return self.command(place.folder)
