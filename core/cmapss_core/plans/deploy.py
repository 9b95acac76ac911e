"""Plan the way from models to an endpoint that serves them and scales."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from cmapss_core.aws import Aws
from cmapss_core.belongings import LOG_GROUP_PREFIX, LogGroup, log_groups
from cmapss_core.errors import ConsoleError, ErrorKind, invalid
from cmapss_core.plans.autoscale import (
    DEFAULT_MAX,
    DEFAULT_SCALE_IN_COOLDOWN,
    DEFAULT_SCALE_OUT_COOLDOWN,
    DEFAULT_TARGET,
    Tracking,
    check_scalable_type,
    tracking_checks,
)
from cmapss_core.plans.drafting import Draft, drafting
from cmapss_core.plans.limits import Pairs
from cmapss_core.plans.models.sources import BEST, ModelSource, PreparedModel, prepare_model
from cmapss_core.plans.models.variants import (
    DEFAULT_CAPTURE_PERCENT,
    Variant,
    VariantRequest,
    check_instances,
    check_variants,
    data_capture,
    model_steps,
)
from cmapss_core.plans.names import ENDPOINT_CONFIG_PREFIX, ENDPOINT_PREFIX, check_name
from cmapss_core.plans.plan import Check, Plan, Step
from cmapss_core.plans.preflight import (
    capture_checks,
    full_load_checks,
    instance_type_checks,
    price_checks,
    quota_checks,
    redundancy_checks,
    zone_checks,
)
from cmapss_core.plans.removing.removal import delete_log_group
from cmapss_core.plans.scaling.steps import set_up_steps
from cmapss_core.plans.steps import (
    SERVICE,
    create_endpoint,
    create_endpoint_config,
    wait_until_in_service,
)

Told = TypeVar("Told", Check, Step)

VARIANT = "AllTraffic"
SHADOW = "Shadow"
DEFAULT_INSTANCE_TYPE = "ml.m5.xlarge"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployRequest:
    """What to deploy and how. `instances` and `min` follow each other where only one is given.

    One variant serves `job`, or `model`, `model_data` or `model_file` where one of them is given; several are
    `variants`, each with its own. What ModelSource says of image, role, environment and network is for every model
    that the plan makes. `shadow` is a training job whose model gets a copy of every request. `capture` is where, in
    S3, `capture_percent` of the requests and their answers are written to.
    """

    job: str = BEST
    name: str | None = None
    instance_type: str = DEFAULT_INSTANCE_TYPE
    instances: int | None = None
    min: int | None = None
    max: int | None = None
    target: float = DEFAULT_TARGET
    scale_in_cooldown: int = DEFAULT_SCALE_IN_COOLDOWN
    scale_out_cooldown: int = DEFAULT_SCALE_OUT_COOLDOWN
    autoscaling: bool = True
    model: str | None = None
    model_data: str | None = None
    model_file: str | None = None
    image: str | None = None
    role: str | None = None
    bucket: str | None = None
    environment: Pairs = field(default=(), repr=False)  # its values may be secrets
    subnets: Sequence[str] = ()
    security_groups: Sequence[str] = ()
    network_isolation: bool = False
    tags: Pairs = ()
    variants: tuple[VariantRequest, ...] = ()
    shadow: str | None = None
    capture: str | None = None
    capture_percent: int = DEFAULT_CAPTURE_PERCENT

    @property
    def initial_instances(self) -> int:
        """How many instances a variant starts with, where it does not say so itself."""
        return self.instances if self.instances is not None else self.min if self.min is not None else 1

    def tracking(self, instances: int | None = None) -> Tracking | None:
        """Bounds and target of a variant that starts with so many instances, or None where nothing scales.

        Raises ConsoleError for bounds that cannot be.
        """
        begun = self.initial_instances if instances is None else instances
        check_instances(begun)
        if not self.autoscaling:
            return None
        low = self.min if self.min is not None else begun
        return Tracking(
            min=low,
            max=self.max if self.max is not None else max(DEFAULT_MAX, low, begun),
            target=self.target,
            scale_in_cooldown=self.scale_in_cooldown,
            scale_out_cooldown=self.scale_out_cooldown,
        )

    def production_variants(self) -> tuple[Variant, ...]:
        """All that take requests. Raises ConsoleError for what cannot be."""
        elsewhere = self.model or self.model_data or self.model_file
        alone = VariantRequest(
            name=VARIANT,
            job=None if elsewhere and self.job == BEST else self.job,
            model=self.model,
            model_data=self.model_data,
            model_file=self.model_file,
        )
        return tuple(self._variant(asked) for asked in self.variants or (alone,))

    def shadow_variant(self) -> Variant | None:
        """What gets a copy of every request, on as many instances as the variant beside it."""
        if self.shadow is None:
            return None
        beside = self.production_variants()[0]
        return Variant(
            name=SHADOW,
            source=ModelSource(job=self.shadow, **self._settings()),
            instance_type=beside.instance_type,
            instances=beside.instances,
            weight=beside.weight,
        )

    def _variant(self, asked: VariantRequest) -> Variant:
        # What a model is made with is no matter of one that is there, unless no other is made either.
        makes_none = all(variant.model for variant in self.variants) and not self.shadow
        own = {name: value for name in ("image", "role") if (value := getattr(asked, name)) is not None}
        settings = {**self._settings(), **own} if asked.model is None or makes_none else own
        return Variant(
            name=asked.name,
            source=ModelSource(
                job=asked.job,
                model=asked.model,
                model_data=asked.model_data,
                model_file=asked.model_file,
                **settings,
            ),
            instance_type=asked.instance_type or self.instance_type,
            instances=self.initial_instances if asked.instances is None else asked.instances,
            weight=asked.weight,
        )

    def _settings(self) -> dict[str, Any]:
        return {
            "image": self.image,
            "role": self.role,
            "bucket": self.bucket,
            "environment": self.environment,
            "subnets": self.subnets,
            "security_groups": self.security_groups,
            "network_isolation": self.network_isolation,
            "tags": self.tags,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fleet:
    """The variants that are asked for, checked, and what scales each of those that take requests."""

    production: tuple[Variant, ...]
    shadow: Variant | None
    trackings: Mapping[str, Tracking]

    @property
    def all(self) -> tuple[Variant, ...]:
        return (*self.production, *((self.shadow,) if self.shadow else ()))

    @property
    def instances(self) -> Counter[str]:
        """How many instances of each type there are to begin with."""
        return self._counted(lambda variant: variant.instances)

    @property
    def fewest_instances(self) -> Counter[str]:
        """How many there are once everything is scaled in."""
        return self._counted(
            lambda variant: self.trackings[variant.name].min if variant.name in self.trackings else variant.instances
        )

    @property
    def most_instances(self) -> Counter[str]:
        """How many there are once everything is scaled out."""
        return self._counted(
            lambda variant: self.trackings[variant.name].max if variant.name in self.trackings else variant.instances
        )

    def costs(self, draft: Draft) -> tuple[float | None, float | None]:
        """USD per hour of the fewest and of the most, where anything scales."""
        if not self.trackings:
            return None, None
        return draft.cost(self.fewest_instances.items()), draft.cost(self.most_instances.items())

    def told(self, variant: Variant, told: Told) -> Told:
        """A check or a step of one variant, told with its name where there are others."""
        if len(self.all) == 1:
            return told
        if isinstance(told, Check):
            return replace(told, text=f"{variant.name}: {told.text}")
        return replace(told, detail=f"{variant.name}: {told.detail}")

    def _counted(self, count: Callable[[Variant], int]) -> Counter[str]:
        counts: Counter[str] = Counter()
        for variant in self.all:
            counts[variant.instance_type] += count(variant)
        return counts


def plan_deploy(aws: Aws, request: DeployRequest) -> Plan:
    """Plan a deployment; reads only. Raises ConsoleError for everything that would not work."""
    fleet = _fleet(request)
    capture = None if request.capture is None else data_capture(request.capture, request.capture_percent)
    if request.name is not None:
        check_name("endpoint", request.name)
    with drafting(aws, "deploy") as draft:
        models = {variant.name: prepare_model(draft, variant.source) for variant in fleet.all}
        endpoint = _endpoint_name(draft, request.name)
        config = _config(draft, request, fleet, models, capture)
        tags = draft.tags(request.tags)
        config_name = config["EndpointConfigName"]
        steps = [
            *model_steps(models),
            create_endpoint_config(config),
            create_endpoint(
                {"EndpointName": endpoint, "EndpointConfigName": config_name, "Tags": tags}, _sweep(draft, endpoint)
            ),
            wait_until_in_service(endpoint, config_name),
        ]
        for variant in fleet.production:
            if tracking := fleet.trackings.get(variant.name):
                steps += (fleet.told(variant, step) for step in set_up_steps(tracking.scaling(endpoint, variant.name)))
        return draft.plan(
            target=endpoint,
            steps=steps,
            checks=dict.fromkeys(_checks(draft, request, fleet, models)),  # what is so for each is said once
            before=0.0,
            after=draft.cost(fleet.instances.items()),
            notes=_notes(fleet, models, capture),
            between=fleet.costs(draft),
        )


def _sweep(draft: Draft, endpoint: str) -> Step | None:
    """What takes away the log group that the endpoint's containers will make; None where there is one already."""
    try:
        if any(log_groups(draft.aws, endpoint)):
            return None
    except ConsoleError as error:
        if error.kind is not ErrorKind.DENIED:
            raise
        return None
    name = LOG_GROUP_PREFIX + endpoint
    return delete_log_group(LogGroup(name=name, endpoint=endpoint, created=draft.aws.clock.now()))


def _fleet(request: DeployRequest) -> _Fleet:
    production, shadow = request.production_variants(), request.shadow_variant()
    check_variants(production, shadow)
    if request.variants and (request.job != BEST or request.model or request.model_data or request.model_file):
        raise invalid("a model beside --variant", "Each variant names its own.")
    if request.bucket and not any(variant.source.model_file for variant in production):
        raise invalid(f"nothing is uploaded to the bucket {request.bucket}", "Name a --model-file, or leave it out.")
    trackings = {variant.name: request.tracking(variant.instances) for variant in production}
    scaled = {name: tracking for name, tracking in trackings.items() if tracking is not None}
    for variant in production:
        if variant.name in scaled:
            check_scalable_type(variant.instance_type)
    return _Fleet(production=production, shadow=shadow, trackings=scaled)


def _config(
    draft: Draft,
    request: DeployRequest,
    fleet: _Fleet,
    models: Mapping[str, PreparedModel],
    capture: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """What CreateEndpointConfig takes."""
    config: dict[str, Any] = {
        "EndpointConfigName": _config_name(draft),
        "ProductionVariants": [variant.parameters(models[variant.name].name) for variant in fleet.production],
        "Tags": draft.tags(request.tags),
    }
    if fleet.shadow is not None:
        config["ShadowProductionVariants"] = [fleet.shadow.parameters(models[fleet.shadow.name].name)]
    if capture is not None:
        config["DataCaptureConfig"] = capture
    return config


def _checks(
    draft: Draft, request: DeployRequest, fleet: _Fleet, models: Mapping[str, PreparedModel]
) -> Iterator[Check]:
    for variant in fleet.all:
        yield from (fleet.told(variant, check) for check in models[variant.name].checks)
    yield Check(True, "its names are not taken yet")
    yield from instance_type_checks(draft, fleet.instances)
    yield from quota_checks(draft, fleet.instances)
    yield from full_load_checks(draft, fleet.instances, fleet.most_instances)
    within: Counter[tuple[str, ...]] = Counter()
    for variant in fleet.all:
        within[models[variant.name].subnets] += variant.instances
    for subnets, instances in within.items():
        yield from zone_checks(draft, subnets, instances)
    for variant in fleet.production:
        yield from (fleet.told(variant, check) for check in _scaling_checks(draft, variant, fleet))
    if request.capture is not None:
        yield from capture_checks(draft, request.capture, models[fleet.production[0].name].role_arn or "")
    yield from price_checks(draft, fleet.instances)


def _scaling_checks(draft: Draft, variant: Variant, fleet: _Fleet) -> Iterator[Check]:
    tracking = fleet.trackings.get(variant.name)
    if tracking is not None:
        yield from tracking_checks(draft, variant.instance_type, tracking, variant.instances)
    yield from redundancy_checks(tracking.min if tracking else variant.instances)


def _notes(fleet: _Fleet, models: Mapping[str, PreparedModel], capture: Mapping[str, Any] | None) -> Iterator[str]:
    alone = len(fleet.production) == 1
    total = sum(variant.weight for variant in fleet.production)
    for variant in fleet.production:
        for note in models[variant.name].notes:
            yield note if alone else f"{variant.name}: {note}"
        if not alone:
            yield f"{variant.name}: {variant.weight / total:.0%} of the requests"
    if fleet.shadow is not None:
        for note in models[fleet.shadow.name].notes:
            yield f"{fleet.shadow.name}: {note}"
        yield f"{fleet.shadow.name}: gets a copy of every request, and nobody its answers"
    if capture is not None:
        yield f"{capture['InitialSamplingPercentage']} % of the requests are captured in {capture['DestinationS3Uri']}"


def _endpoint_name(draft: Draft, asked: str | None) -> str:
    """The name that is asked for, or a fresh one. Raises ConsoleError where it is taken, in whatever case."""
    taken = {
        row["EndpointName"].lower(): row
        for page in draft.aws.pages(SERVICE, "ListEndpoints", MaxResults=100)
        for row in page["Endpoints"]
    }
    if asked is None:
        name = f"{ENDPOINT_PREFIX}{draft.stamp}"
        return name if name.lower() not in taken else _told_apart(draft, name)
    row = taken.get(asked.lower())
    if row is not None:
        raise ConsoleError(
            ErrorKind.CONFLICT,
            f"there is an endpoint {row['EndpointName']!r} already, {row['EndpointStatus']}",
            remedy="Choose another --name, or delete that one first.",
        )
    return asked


def _config_name(draft: Draft) -> str:
    name = f"{ENDPOINT_CONFIG_PREFIX}{draft.stamp}"
    try:
        draft.aws.call(SERVICE, "DescribeEndpointConfig", EndpointConfigName=name)
    except ConsoleError as error:
        if error.kind is ErrorKind.NOT_FOUND:
            return name
        raise
    return _told_apart(draft, name)


def _told_apart(draft: Draft, name: str) -> str:
    """The name with the plan's own digits: another plan has had the same second."""
    return f"{name}-{draft.id.rpartition('-')[2]}"
