"""Real-time endpoints: what they are, what they run on, and the state they are in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextvars import copy_context
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from cmapss_core.aws import Aws
from cmapss_core.daemons import spread
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.pricing import hourly_cost
from cmapss_core.rollout import Rollout, read_rollout
from cmapss_core.snapshots import Snapshot

# A status is a glyph and a word, never a colour alone.
STATUS_GLYPHS: Mapping[str, str] = {
    "InService": "●",
    "Creating": "◐",
    "Updating": "◐",
    "SystemUpdating": "◐",
    "RollingBack": "◐",
    "UpdateRollbackFailed": "✕",
    "Failed": "✕",
    "OutOfService": "○",
    "Deleting": "◌",
}
IN_PROGRESS = frozenset({"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"})

MINUTE = timedelta(minutes=1)
REFUSED_FOR = timedelta(minutes=5)  # until an endpoint that may not be described is asked about again
AT_ONCE, THREADS = 16, 4  # of a fleet that is seen for the first time: as many in one reading, on as many threads


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A production variant: a model on a number of instances, with a share of the traffic."""

    name: str
    model: str | None
    instance_type: str | None
    current_instances: int
    desired_instances: int
    weight: float
    initial_instances: int = 1
    image: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An endpoint as DescribeEndpoint shows it. `hourly_cost_usd` is of the instances that run now; None: unknown.

    `rollout` is the deployment that is under way, if one is; `deployment_config` is how the last one was asked to be
    carried out, as AWS's DeploymentConfig.
    """

    name: str
    arn: str
    status: str
    config: str | None
    created: datetime
    modified: datetime
    failure_reason: str | None = None
    variants: tuple[Variant, ...] = ()
    hourly_cost_usd: float | None = None
    rollout: Rollout | None = None
    deployment_config: Mapping[str, Any] | None = None

    @property
    def in_progress(self) -> bool:
        """Whether the status will change by itself."""
        return self.status in IN_PROGRESS

    @property
    def initial_instances(self) -> int:
        """Instances that the endpoint was created with, over all variants."""
        return sum(variant.initial_instances for variant in self.variants)

    @property
    def current_instances(self) -> int:
        """Instances that run now, over all variants."""
        return sum(variant.current_instances for variant in self.variants)

    @property
    def desired_instances(self) -> int:
        """Instances that are asked for, over all variants."""
        return sum(variant.desired_instances for variant in self.variants)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointsSnapshot(Snapshot):
    """All endpoints of the region, newest first. `error` is of the listing, `details_error` of a description: what is
    known of such an endpoint stays, with the status that the listing says. `undescribed` are the names of those of
    which nothing else is known; `catching_up`: the next reading will know more of them."""

    endpoints: tuple[Endpoint, ...] = ()
    details_error: ConsoleError | None = None
    undescribed: frozenset[str] = frozenset()
    catching_up: bool = False


@dataclass(frozen=True, slots=True)
class _Description:
    """What was found out about an endpoint and when; None where AWS refused to tell."""

    of: tuple[str, datetime]
    at: datetime
    endpoint: Endpoint | None


class EndpointsReader:
    """Reads the fleet: one ListEndpoints, and a DescribeEndpoint only for what changed since the last reading.

    `describes_a_minute` bounds those of the region's minute; half of them are kept for endpoints whose status changes,
    and the rest go to those in progress, the longest unseen first. A fleet that is new is described in a few readings.
    None: everything at once.
    """

    def __init__(self, aws: Aws, describes_a_minute: int | None = None) -> None:
        self._aws = aws
        self._a_minute = describes_a_minute
        self._spent: list[datetime] = []
        self._known: dict[str, _Description] = {}
        self._refusal: ConsoleError | None = None
        self._listed: list[Endpoint] = []

    def read(self) -> EndpointsSnapshot:
        """The fleet now. Never raises; `error` says what failed, and what is known stays."""
        try:
            self._listed = [
                _summary(row)
                for page in self._aws.pages(
                    "sagemaker", "ListEndpoints", SortBy="CreationTime", SortOrder="Descending", MaxResults=100
                )
                for row in page["Endpoints"]
            ]
        except ConsoleError as error:
            return self._snapshot(error, None)
        names = {listed.name for listed in self._listed}
        self._known = {name: known for name, known in self._known.items() if name in names}
        details_error = self._describe(self._due())
        self._price()
        return self._snapshot(None, details_error)

    def _snapshot(self, error: ConsoleError | None, details_error: ConsoleError | None) -> EndpointsSnapshot:
        names = frozenset(listed.name for listed in self._listed)
        described = {name for name, known in self._known.items() if known.endpoint is not None}
        return EndpointsSnapshot(
            as_of=self._aws.clock.now(),
            source="ListEndpoints",
            error=error,
            endpoints=tuple(_as_known(listed, self._known.get(listed.name)) for listed in self._listed),
            details_error=details_error or self._refusal,
            undescribed=names - described,
            catching_up=details_error is None and bool(names - self._known.keys()),
        )

    def _due(self) -> list[str]:
        """The names to describe now."""
        now = self._aws.clock.now()
        unseen, changed, moving = [], [], []
        for listed in self._listed:
            name = listed.name
            known = self._known.get(name)
            if known is None:
                unseen.append(name)
            elif known.endpoint is None and timedelta() <= now - known.at < REFUSED_FOR:
                continue
            elif known.of != _state(listed):
                changed.append(name)
            elif listed.in_progress or known.endpoint is None:
                moving.append(name)
        if self._a_minute is None:
            return [*unseen, *changed, *moving]
        moving.sort(key=lambda name: self._known[name].at)
        self._spent = [at for at in self._spent if timedelta() <= now - at < MINUTE]
        left = max(0, self._a_minute - len(self._spent))
        changed = changed[:left]
        moving = moving[: max(0, left - len(changed) - self._a_minute // 2)]
        self._spent += [now] * (len(changed) + len(moving))
        return [*unseen[:AT_ONCE], *changed, *moving]

    def _describe(self, names: Sequence[str]) -> ConsoleError | None:
        """Describe these, and return why that ended early if it did; one that is refused does not end it."""
        states = {listed.name: _state(listed) for listed in self._listed}
        refusal = None
        # With what holds for this thread's calls: who counts them, and who records them.
        asked = [(name, copy_context()) for name in names]
        for place, found in spread(lambda one: one[1].run(self._ask, one[0]), asked, min(THREADS, len(names))):
            name = names[place]
            if isinstance(found, Endpoint):
                self._known[name] = _Description(states[name], self._aws.clock.now(), found)
            elif found.kind is ErrorKind.NOT_FOUND:  # deleted between the two calls
                self._known.pop(name, None)
                self._listed = [listed for listed in self._listed if listed.name != name]
            elif found.kind is ErrorKind.DENIED:
                refusal = found
                self._known[name] = _Description(states[name], self._aws.clock.now(), None)
            else:
                return found
        if refusal is not None or all(known.endpoint is not None for known in self._known.values()):
            self._refusal = refusal
        return None

    def _ask(self, name: str) -> Endpoint | ConsoleError:
        try:
            return _described(self._aws, name)
        except ConsoleError as error:
            return error

    def _price(self) -> None:
        """Say what each costs, where that is not known yet."""
        for name, known in self._known.items():
            if known.endpoint is not None and known.endpoint.hourly_cost_usd is None:
                try:
                    cost = hourly_cost(self._aws, _instances(known.endpoint))
                except ConsoleError:  # the price is an extra, asked for again at the next reading
                    return
                self._known[name] = replace(known, endpoint=replace(known.endpoint, hourly_cost_usd=cost))


def read_endpoint(aws: Aws, name: str) -> Endpoint:
    """One endpoint by name. Raises ConsoleError, of kind not found where there is none."""
    endpoint = _described(aws, name)
    try:
        return replace(endpoint, hourly_cost_usd=hourly_cost(aws, _instances(endpoint)))
    except ConsoleError:  # the price is an extra, asked for again at the next reading
        return endpoint


def describe_config(aws: Aws, name: str) -> dict[str, Any]:
    """An endpoint config, asked for once: configs are immutable. Raises ConsoleError."""
    return aws.remember(
        _config_key(name), lambda: aws.call("sagemaker", "DescribeEndpointConfig", EndpointConfigName=name)
    )


def known_config(aws: Aws, endpoint: Endpoint) -> Mapping[str, Any]:
    """The endpoint's config as it was described, without a call; empty where it was not."""
    name = endpoint.config
    return describe_config(aws, name) if name and aws.remembers(_config_key(name)) else {}


def _config_key(name: str) -> tuple[str, str]:
    return ("endpoint config", name)


def _described(aws: Aws, name: str) -> Endpoint:
    """An endpoint without its price."""
    try:
        answer = aws.call("sagemaker", "DescribeEndpoint", EndpointName=name)
    except ConsoleError as error:
        if error.kind is ErrorKind.NOT_FOUND:
            raise error.told_as(
                f"There is no endpoint {name!r} in {aws.region}", "List them: cmapss-console endpoints."
            ) from error
        raise
    return Endpoint(
        name=answer["EndpointName"],
        arn=answer["EndpointArn"],
        status=answer["EndpointStatus"],
        config=answer.get("EndpointConfigName"),
        created=answer["CreationTime"],
        modified=answer["LastModifiedTime"],
        failure_reason=answer.get("FailureReason"),
        variants=_variants(aws, answer),
        rollout=read_rollout(answer),
        deployment_config=answer.get("LastDeploymentConfig"),
    )


def _variants(aws: Aws, answer: Mapping[str, Any]) -> tuple[Variant, ...]:
    configured: dict[str, Mapping[str, Any]] = {}
    if name := answer.get("EndpointConfigName"):
        try:
            configured = {v["VariantName"]: v for v in describe_config(aws, name).get("ProductionVariants", [])}
        except ConsoleError as error:
            if error.kind is not ErrorKind.NOT_FOUND:  # AWS lets the config of a living endpoint be deleted
                raise
    running = {v["VariantName"]: v for v in answer.get("ProductionVariants", [])}
    return tuple(_variant(name, configured.get(name, {}), running.get(name)) for name in (running or configured))


def _variant(name: str, configured: Mapping[str, Any], running: Mapping[str, Any] | None) -> Variant:
    # While an endpoint is being created there may be no variants to describe, only those that were asked for.
    asked = configured.get("InitialInstanceCount", 0)
    shown: Mapping[str, Any] = running or {}
    images = shown.get("DeployedImages", [])
    return Variant(
        name=name,
        model=configured.get("ModelName"),
        instance_type=configured.get("InstanceType"),
        current_instances=shown.get("CurrentInstanceCount", 0),
        desired_instances=shown.get("DesiredInstanceCount", asked),
        weight=shown.get("CurrentWeight", configured.get("InitialVariantWeight", 1.0)),
        initial_instances=asked,
        image=images[0].get("SpecifiedImage") if images else None,
    )


def _instances(endpoint: Endpoint) -> list[tuple[str | None, int]]:
    return [(variant.instance_type, variant.current_instances) for variant in endpoint.variants]


def _state(listed: Endpoint) -> tuple[str, datetime]:
    """What changes whenever anything else about a listed endpoint does."""
    return listed.status, listed.modified


def _summary(row: Mapping[str, Any]) -> Endpoint:
    """An endpoint as far as ListEndpoints tells of it."""
    return Endpoint(
        name=row["EndpointName"],
        arn=row["EndpointArn"],
        status=row["EndpointStatus"],
        config=None,
        created=row["CreationTime"],
        modified=row["LastModifiedTime"],
    )


def _as_known(listed: Endpoint, known: _Description | None) -> Endpoint:
    """An endpoint as far as it is known, with the status of the listing where that has changed since."""
    if known is None or known.endpoint is None:
        return listed
    return known.endpoint if known.of == _state(listed) else replace(known.endpoint, status=listed.status)
