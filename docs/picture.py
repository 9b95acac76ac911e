"""Take the README's picture: an endpoint of a sandbox of its own, after load has made it scale out.

python -m docs.picture [FILE.svg]
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import tempfile
import threading
from datetime import timedelta
from itertools import chain
from pathlib import Path
from urllib.request import Request, urlopen

from cmapss_core.aws import Aws, Target
from cmapss_core.plans.deploy import DeployRequest, plan_deploy
from cmapss_core.plans.journal import Journal
from cmapss_core.plans.runner import run
from cmapss_core.traffic import send_traffic
from cmapss_data import SUBSETS, own_fleet
from cmapss_tui.app import ConsoleApp
from cmapss_tui.options import Options
from cmapss_tui.sandbox_process import start
from cmapss_tui.screens.endpoint import EndpointScreen
from cmapss_tui.screens.jobs import JobsScreen

PICTURE = Path(__file__).with_name("endpoint.svg")
SIZE = (120, 38)
ENDPOINT = "cmapss-XGBoostEndpoint"
RATE = 45  # a minute: four and a half times the target of one instance, just below that of five
LOAD_MINUTES = 16


async def take(aws: Aws, path: Path) -> None:
    """Open the console on the endpoint, and keep what it shows once five instances have carried the load a while."""
    app = ConsoleApp(Options(), lambda options, narrate: aws)
    async with app.run_test(size=SIZE) as pilot:
        while not isinstance(app.screen, JobsScreen):
            await pilot.pause(0.1)
        await app.push_screen(EndpointScreen(ENDPOINT))
        rows = list(chain.from_iterable(own_fleet("synthetic").test_rows(subset).lines for subset in SUBSETS))
        load = (aws, ENDPOINT, rows, RATE, LOAD_MINUTES * 60)
        threading.Thread(target=send_traffic, args=load, daemon=True).start()
        until = aws.clock.now() + timedelta(minutes=LOAD_MINUTES)
        while aws.clock.now() < until:
            await pilot.pause(0.2)
        picture = app.export_screenshot(title="cmapss-console")
        # The fonts of whoever looks at it do: a picture in a repository fetches nothing.
        path.write_text(re.sub(r"\s*@font-face \{.*?\}", "", picture, flags=re.DOTALL), encoding="utf-8")


def main() -> None:
    """Start a sandbox, deploy its first model, and take the picture."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE
    with tempfile.TemporaryDirectory() as folder:
        sandbox = start(Path(folder) / "sandbox", arguments=("--tuning-jobs", "0"))
        wait = json.dumps({"completed_training_jobs": 1, "seconds": 60}).encode()
        urlopen(Request(f"{sandbox.address.endpoint_url}/_sandbox/wait", data=wait), timeout=90).read()
        aws = Aws(Target(endpoint_url=sandbox.address.endpoint_url))
        run(aws, plan_deploy(aws, DeployRequest(name=ENDPOINT)), Journal(Path(folder) / "journal"))
        asyncio.run(take(aws, path))
        sandbox.stop()
        sandbox.wait(10)


if __name__ == "__main__":
    main()
