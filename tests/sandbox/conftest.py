"""A region with a clock that stands still until a test advances it, and unmodified clients to it."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.session import Session

from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.server import Server
from cmapss_sandbox.services import Service, install
from cmapss_sandbox.training.trainer import Trainer
from cmapss_sandbox.wire.dispatch import application
from tests.sandbox.artefacts import put_channels, training_request
from tests.sandbox.boosters import serve
from tests.sandbox.endpoints import Hosting
from tests.sandbox.enforced import Enforced, Keys, enforced_region

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)

Clients = Callable[[str], Any]
Control = Callable[..., tuple[int, Any]]


@dataclass(frozen=True, slots=True)
class Installation:
    """A region, and its services as the wire wants them."""

    region: Region
    services: dict[str, Service]


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """A region in a folder of its own, with all services, at noon of a Monday, its clock paused."""
    region = Region(tmp_path / "state", paused=True, now=NOON, strict=True)
    yield Installation(region, install(region))
    region.close()


@pytest.fixture
def region(installation: Installation) -> Region:
    """The region itself, for what is not asked over the wire."""
    return installation.region


@pytest.fixture(scope="session")
def botocore_session() -> Session:
    """One session for all tests, for loading a service's model is the slow part of making a client."""
    session = Session()
    session.set_credentials("sandbox", "sandbox")
    return session


@pytest.fixture
def server(installation: Installation) -> Iterator[Server]:
    """What answers for the region over a socket."""
    server = Server(application(installation.region, installation.services))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def control(server: Server) -> Control:
    """Makes a control call, by its name and what is asked; the answer's status and its document."""

    def called(name: str, **asked: Any) -> tuple[int, Any]:
        with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
            connection.request("POST", f"/_sandbox/{name}", json.dumps(asked))
            response = connection.getresponse()
            return response.status, json.loads(response.read())

    return called


@pytest.fixture
def clients(server: Server, botocore_session: Session) -> Iterator[Clients]:
    """Makes botocore clients that know nothing of the sandbox but where it listens."""
    made: dict[str, Any] = {}

    def client(service: str) -> Any:
        if service not in made:
            made[service] = botocore_session.create_client(
                service,
                region_name=Region.name,
                endpoint_url=server.url,
                config=Config(retries={"max_attempts": 0, "mode": "standard"}),
            )
        return made[service]

    yield client
    for made_client in made.values():
        made_client.close()


@pytest.fixture
def sagemaker(clients: Clients) -> Any:
    """The client of SageMaker."""
    return clients("sagemaker")


@pytest.fixture
def autoscaling(clients: Clients) -> Any:
    """The client of Application Auto Scaling."""
    return clients("application-autoscaling")


@pytest.fixture
def cloudwatch(clients: Clients) -> Any:
    """The client of CloudWatch."""
    return clients("cloudwatch")


@pytest.fixture
def runtime(clients: Clients) -> Any:
    """The client of SageMaker's runtime."""
    return clients("sagemaker-runtime")


@pytest.fixture
def logs(clients: Clients) -> Any:
    """The client of CloudWatch Logs."""
    return clients("logs")


@pytest.fixture
def s3(clients: Clients) -> Any:
    """The client of S3."""
    return clients("s3")


@pytest.fixture
def engines(sagemaker: Any, region: Region) -> str:
    """An endpoint that is in service with one instance since 12:11."""
    serve(sagemaker, region)
    return "engines"


@pytest.fixture
def hosting(region: Region, sagemaker: Any) -> Hosting:
    """Short ways to deploy in the region."""
    return Hosting(region, sagemaker)


@pytest.fixture(scope="module")
def enforced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Enforced]:
    """A region with IAM enforced for all tests of a file, each with users, roles and buckets of its own."""
    with enforced_region(tmp_path_factory.mktemp("enforced") / "state", NOON) as enforced:
        yield enforced


@pytest.fixture(scope="module")
def nobody(enforced: Enforced) -> Keys:
    """The keys of a user who may do nothing."""
    return enforced.user("nobody")


@pytest.fixture
def trainer(region: Region) -> Iterator[Trainer]:
    """What trains the region's jobs, in a process of its own, which is started when there is something to train."""
    trainer = Trainer(region)
    trainer.start()
    yield trainer
    trainer.close()


@pytest.fixture(scope="session")
def trained_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state folder of a region with one Completed training job, `trained`; to be copied, not used in place."""
    state = tmp_path_factory.mktemp("trained") / "state"
    region = Region(state, paused=True, now=NOON, strict=True)
    services = install(region)
    trainer = Trainer(region)
    trainer.start()
    put_channels(region)
    context = RequestContext("sagemaker", "CreateTrainingJob", "sandbox", Region.name, {}, "setup")
    services["sagemaker"].operations["CreateTrainingJob"](region, training_request("trained"), context)
    assert trainer.wait_until_idle(60)
    assert region.table("training_jobs")["trained"]["TrainingJobStatus"] == "Completed"
    trainer.close()
    region.close()
    return state
