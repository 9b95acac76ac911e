"""A region with a clock that stands still until a test advances it, and unmodified clients to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.config import Config

from cmapss_sandbox import services
from cmapss_sandbox.region import Region
from cmapss_sandbox.server import Server
from cmapss_sandbox.wire.dispatch import application

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)

Clients = Callable[[str], Any]


@pytest.fixture
def region(tmp_path: Path) -> Iterator[Region]:
    """A region in a folder of its own, with all services, at noon of a Monday, its clock paused."""
    region = Region(tmp_path / "state", paused=True, now=NOON, strict=True)
    services.install(region)
    yield region
    region.close()


@pytest.fixture
def clients(region: Region) -> Iterator[Clients]:
    """Makes botocore clients that know nothing of the sandbox but where it listens."""
    server = Server(application(region, services.install(region)))
    server.start()
    session = botocore.session.Session()
    session.set_credentials("sandbox", "sandbox")
    made: dict[str, Any] = {}

    def client(service: str) -> Any:
        if service not in made:
            made[service] = session.create_client(
                service,
                region_name=region.name,
                endpoint_url=server.url,
                config=Config(retries={"max_attempts": 0, "mode": "standard"}),
            )
        return made[service]

    yield client
    for made_client in made.values():
        made_client.close()
    server.stop()
