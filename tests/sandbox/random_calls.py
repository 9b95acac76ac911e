"""Random members of legal and illegal calls, and the one wire that carries the calls of every example."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import Session
from hypothesis import strategies as st

from cmapss_sandbox.region import Region
from cmapss_sandbox.server import Server
from tests.sandbox.artefacts import tarball
from tests.sandbox.boosters import artefact

NAMES = ("engines", "Engines", "turbines", "bad_name!", "x" * 64, "")
MODELS = {"good": artefact(0), "other": artefact(1), "garbage": tarball(xgboost_model=b"weights"), "empty": tarball()}
INSTANCE_TYPES = ("ml.m5.xlarge", "ml.m5.large", "ml.t2.medium", "ml.c5.xlarge", "ml.nope.large")
names = st.sampled_from(NAMES)
variants = st.sampled_from(("AllTraffic", "B", "nobody"))
small = st.integers(-1, 9)


class Wire:
    """One server and one set of clients for all examples; each of them puts its own region behind it."""

    def __init__(self) -> None:
        self.session = Session()
        self.session.set_credentials("sandbox", "sandbox")
        self.application: Any = None
        self.server = Server(lambda environ, start_response: self.application(environ, start_response))
        self.server.start()
        self.clients: dict[str, Any] = {}

    def call(self, service: str, operation: str, members: Mapping[str, Any]) -> dict[str, Any] | ClientError:
        """The answer, or the refusal; whatever else happens is the sandbox's fault."""
        if service not in self.clients:
            self.clients[service] = self.session.create_client(
                service,
                region_name=Region.name,
                endpoint_url=self.server.url,
                config=Config(retries={"max_attempts": 0}, parameter_validation=False),
            )
        try:
            answer: dict[str, Any] = self.clients[service]._make_api_call(operation, members)
            return answer
        except ClientError as refusal:
            return refusal


_WIRE: list[Wire] = []


def wire() -> Wire:
    """The one wire of this process."""
    if not _WIRE:
        _WIRE.append(Wire())
    return _WIRE[0]


@st.composite
def production_variants(draw: st.DrawFn) -> list[dict[str, Any]]:
    chosen = draw(st.lists(st.sampled_from(("AllTraffic", "B")), min_size=1, max_size=2))
    return [
        {
            "VariantName": name,
            "ModelName": draw(st.sampled_from((*MODELS, "nobody"))),
            "InstanceType": draw(st.sampled_from((*INSTANCE_TYPES[:1] * 4, *INSTANCE_TYPES))),
            "InitialInstanceCount": draw(st.sampled_from((1, 1, 2, 3, 0, 99))),
            "InitialVariantWeight": draw(st.sampled_from((1.0, 0.5, 0.0, -1.0))),
        }
        for name in chosen
    ]


@st.composite
def deployment_configs(draw: st.DrawFn) -> dict[str, Any]:
    size = {
        "Type": draw(st.sampled_from(("CAPACITY_PERCENT", "INSTANCE_COUNT"))),
        "Value": draw(st.sampled_from((1, 10, 25, 50, 80))),
    }
    routing = {"Type": draw(st.sampled_from(("ALL_AT_ONCE", "CANARY", "LINEAR"))), "WaitIntervalInSeconds": 120}
    routing |= draw(st.sampled_from(({}, {"CanarySize": size}, {"LinearStepSize": size})))
    blue_green = {"TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": draw(st.sampled_from((0, 300)))}
    rolling = {"MaximumBatchSize": size, "WaitIntervalInSeconds": 60}
    config: dict[str, Any] = draw(
        st.sampled_from(
            ({"BlueGreenUpdatePolicy": blue_green}, {"RollingUpdatePolicy": rolling}, {"BlueGreenUpdatePolicy": {}})
        )
    )
    if draw(st.booleans()):
        config = {**config, "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "guard"}]}}
    return config
