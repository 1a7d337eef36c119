"""Traffic under faults, or the kill loop; scripts/soak starts it."""

import argparse
import pathlib
import random
import signal
import sys
import tempfile
import time

import kills.loop
import soak


def main():
    options = parse()
    print(f"seed {options.seed}", file=sys.stderr)
    # All that was started is ended by unwinding.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hubgate-soak-") as folder:
        tried = kills.loop if options.kills else soak
        kept = tried.run(options, pathlib.Path(folder))
    print(f"\n{(time.monotonic() - began) / 60:.1f} minutes, seed {options.seed}: "
          f"{'nothing was lost' if kept else 'LOST'}")
    sys.exit(not kept)


def parse():
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__)
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--minutes", type=float, default=10, metavar="N", help="of traffic [10]")
    how.add_argument("--kills", type=int, metavar="N", help="kill writes of the state N times")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32), metavar="N",
                        help="of all that is at random [another each time]")
    parser.add_argument("--binary", default="target/release/hubgate", metavar="PATH",
                        help="the hubgate to try [target/release/hubgate]")
    return parser.parse_args()


main()
