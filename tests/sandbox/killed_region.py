"""A region in a process of its own, to be killed: `python -m tests.sandbox.killed_region STATE SPEED`.

As a sandbox, but without what it plants and trains, so that it can be started many times.
"""

from __future__ import annotations

import sys
from pathlib import Path

from cmapss_sandbox.events import Ticker
from cmapss_sandbox.region import Region
from cmapss_sandbox.server import Server
from cmapss_sandbox.services import install
from cmapss_sandbox.wire.dispatch import application


def main() -> None:
    """Serve, and say where on one line; end when the standard input does."""
    region = Region(Path(sys.argv[1]), speed=float(sys.argv[2]))
    server, ticker = Server(application(region, install(region))), Ticker(region)
    server.start()
    ticker.start()
    print(server.url, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
