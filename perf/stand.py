"""One contestant in one round: its proxy runs only as long as rows need it."""

import contextlib
import sys
import time

from loads import wrk, visitor

# Seconds that warm a proxy up before its processor time counts.
WARM_UP = 1


class Stand:
    def __init__(self, contestant, house, seconds):
        self.contestant = contestant
        self.house = house
        self.seconds = seconds
        self.running = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.clear()

    def clear(self):
        """Ends the proxy."""
        if self.running:
            self.running[1].end()
        self.running = None

    def fresh(self, setup):
        """A proxy that has answered nothing yet."""
        self.clear()
        self.running = setup, self.contestant.start(self.house, setup).__enter__()
        return self.running[1]

    def warm(self, setup):
        """The proxy that runs already, if it is set up so, or a new one."""
        if not self.running or self.running[0] != setup:
            self.warm_up(setup, self.fresh(setup).port)
        return self.running[1]

    def warm_up(self, setup, port):
        if setup.client_certificate or setup.password or setup.hub != "answers":
            return
        wrk.requests(port, WARM_UP, scheme="https" if setup.tls else "http")

    @contextlib.contextmanager
    def spread(self, wanted):
        """Lets load and hubs use all cores, if wanted."""
        if wanted:
            self.house.move(self.house.all_cores)
        try:
            yield
        finally:
            if wanted:
                self.house.move(self.house.other_cores)

    def instructions(self, setup, load, count):
        """What the proxy executes from its start to its end with so many requests."""
        proxy = self.fresh(setup)
        load(proxy.port, count)
        self.clear()
        return proxy.instructions()

    def cost(self, setup, load, *more):
        """Processor seconds of each unit that the load says it made."""
        return self.costs(setup, load, *more)[0]

    def costs(self, setup, load, *more):
        """The same, and those of them in the kernel."""
        proxy = self.warm(setup)
        with self.spread(setup.all_cores):
            return self.spent(proxy, load, *more)

    def spent(self, proxy, load, *more):
        begin, before, kernel = time.monotonic(), proxy.cpu(), proxy.cpu_in_kernel()
        units = load(proxy.port, self.seconds, *more)
        computed, passed = proxy.cpu() - before, time.monotonic() - begin
        print(f"    {100 * computed / passed:.0f} % of its core", file=sys.stderr)
        return computed / units, (proxy.cpu_in_kernel() - kernel) / units
