"""Update an endpoint: another model, instance type or count, and how the new fleet takes over from the old one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult

from cmapss_tui.arguments import not_negative_integer, positive_integer, positive_number
from cmapss_tui.screens.known_jobs import JobsKnown, ask_jobs
from cmapss_tui.screens.planning import PlanScreen
from cmapss_tui.screens.values import instance_type, maybe, training_job
from cmapss_tui.widgets.form import Field, Fold

if TYPE_CHECKING:
    from cmapss_core.endpoints import Endpoint, Variant
    from cmapss_core.plans.plan import Plan
    from cmapss_core.plans.updating.requests import UpdateRequest, VariantChange
    from cmapss_core.plans.updating.strategies import Kind, RolloutRequest

BEST = "best"
USUAL = ""
STRATEGIES: dict[str, str] = {
    USUAL: "as is usual",
    "all-at-once": "all at once",
    "canary": "canary",
    "linear": "linear",
    "rolling": "rolling",
}
# What the size of each strategy is of.
SIZES: dict[str, str] = {
    "canary": "gets its traffic first, such as 1 or 25%",
    "linear": "gets its traffic with each step, such as 1 or 25%",
    "rolling": "is replaced at a time, such as 1 or 25%",
}
NOTHING_YET = "Name another model, or change type or count: then the plan is shown. What is not changed stays as it is."
USUAL_SIZE = "as is usual: 1 instance, or 25%"


class UpdateScreen(PlanScreen):
    """The update of one endpoint; what is not changed stays as it is."""

    AREA = "endpoints"
    ACTION = "endpoint.update"
    FLAGS: ClassVar[Mapping[str, str]] = {"--wait-interval": "wait", "--rollback-on": "roll back"}
    CONFIRM = "Update"

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__()
        self._endpoint = endpoint
        self._jobs_asked = False

    def heading(self) -> str:
        """Which endpoint."""
        return f"Update {self._endpoint.name}"

    def form(self) -> ComposeResult:
        """What to change, and how."""
        variants = self._endpoint.variants
        shown = next(iter(variants), None)
        yield from self.variant_field([variant.name for variant in variants])
        yield Field("training job", "job", placeholder="keeps its model", hint="best, or a job's name")
        yield Field("instance type", "instance-type", _type(shown))
        yield Field("instances", "instances", _count(shown), hint="scaled-out ones are kept")
        yield Field("roll-out", "strategy", USUAL, choices=STRATEGIES, hint="a canary for a new model")
        yield Field("size", "size", hint=USUAL_SIZE)
        yield Field("wait", "wait", "300", hint="seconds between the steps")
        yield Field("roll back", "guarded", True, hint="by itself, when the model fails")
        yield Fold(
            "more: baking time, latency, what was before",
            Field("bake", "bake", hint="seconds that the old fleet stays ready"),
            Field("latency limit", "latency", hint="milliseconds, above which to roll back"),
            Field("keep former", "keep-former", False, hint="config, models and uploads of before: they go otherwise"),
        )

    def on_mount(self) -> None:
        self._enable_fields()

    def on_jobs_known(self, message: JobsKnown) -> None:
        self.field("job").suggest((BEST, *message.names))

    def changed(self, field: str | None) -> None:
        """Another variant runs on other instances; a strategy has its own size; the first letter of a job finds it."""
        if field == "variant":
            self.field("instance-type").set(_type(self._present))
            self.field("instances").set(_count(self._present))
        if field == "job" and not self._jobs_asked:
            self._jobs_asked = True
            ask_jobs(self, self.aws)
        self._enable_fields()
        super().changed(field)

    def planner(self) -> Callable[[], Plan] | None:
        """Plan what the fields say."""
        from cmapss_core.plans.update import plan_update

        request = self._request()
        return None if request is None or _changes_nothing(request) else partial(plan_update, self.aws, request)

    def without_plan(self) -> str:
        """Nothing is wrong where nothing is changed yet."""
        request = self._request()
        return NOTHING_YET if request is not None and _changes_nothing(request) else super().without_plan()

    @property
    def _present(self) -> Variant | None:
        chosen = self.variant
        return next((one for one in self._endpoint.variants if chosen in (None, one.name)), None)

    def _enable_fields(self) -> None:
        strategy = self.field("strategy").value
        self.field("size").count(strategy in SIZES)
        self.field("size").show_hint(SIZES.get(strategy, USUAL_SIZE))
        self.field("wait").count(strategy in SIZES)
        self.field("bake").count(strategy != "rolling")

    def _request(self) -> UpdateRequest | None:
        from cmapss_core.plans.updating.alarms import Guard
        from cmapss_core.plans.updating.requests import UpdateRequest

        # All of them, before any of them ends it: each field says what is wrong with its own value.
        change, rollout = self._change(), self._rollout()
        latency = self.field("latency").parsed(maybe(positive_number))
        if change is None or rollout is None or latency is None:
            return None
        guarded, usual = self.field("guarded").checked, rollout.kind is None
        guards = (*((Guard("errors"),) if guarded else ()), *(Guard("latency", limit) for limit in latency))
        return UpdateRequest(
            endpoint=self._endpoint.name,
            variants=(change,),
            rollout=rollout,
            # None is what is usual with the usual strategy, and all that a change of counts needs.
            guards=None if usual and not latency and (guarded or change.rescales) else guards,
            keep_former=self.field("keep-former").checked,
        )

    def _change(self) -> VariantChange | None:
        from cmapss_core.plans.models.sources import ModelSource
        from cmapss_core.plans.updating.requests import VariantChange

        job = self.field("job").parsed(maybe(training_job))
        kind = self.field("instance-type").parsed(instance_type)
        count = self.field("instances").parsed(positive_integer)
        if job is None or kind is None or count is None:
            return None
        now = self._present
        return VariantChange(
            name=self.variant,
            source=ModelSource(job=job[0]) if job else None,
            instance_type=None if kind == _type(now) else kind,
            instances=None if str(count) == _count(now) else count,
        )

    def _rollout(self) -> RolloutRequest | None:
        from cmapss_core.plans.updating.strategies import RolloutRequest, parse_size

        strategy = self.field("strategy").value
        bake = () if strategy == "rolling" else self.field("bake").parsed(maybe(not_negative_integer))
        if bake is None:
            return None
        request = RolloutRequest(strategy=cast("Kind | None", strategy or None), bake=next(iter(bake), None))
        if strategy not in SIZES:
            return request
        size, wait = self.field("size").parsed(maybe(parse_size)), self.field("wait").parsed(not_negative_integer)
        if size is None or wait is None:
            return None
        chosen = next(iter(size), None)
        return replace(
            request,
            wait_interval=wait,
            canary_size=chosen if strategy == "canary" else None,
            step_size=chosen if strategy == "linear" else None,
            batch_size=chosen if strategy == "rolling" else None,
        )


def _type(variant: Variant | None) -> str:
    return (variant.instance_type if variant is not None else None) or ""


def _count(variant: Variant | None) -> str:
    return str(variant.desired_instances) if variant is not None else ""


def _changes_nothing(request: UpdateRequest) -> bool:
    """Whether the endpoint would be what it is: a strategy alone changes nothing."""
    return all((one.source, one.instance_type, one.instances) == (None, None, None) for one in request.variants)
