"""Numbers of instances that operations of this machine asked for, and when they were there, as the journal tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from cmapss_core.instance_counts import KnownCount
from cmapss_tui.operations.past import PastOperations, events_of, first_event, wait_after

if TYPE_CHECKING:
    from cmapss_core.plans.journal import Journal
    from cmapss_core.plans.plan import Call, Plan
    from cmapss_core.plans.running.operations import OperationRecord

_SETTING_COUNTS = ("deploy-", "scale-")  # the beginnings of the ids of operations that do
_CREATION = "sagemaker:CreateEndpoint"


class PastCounts(PastOperations[KnownCount]):
    """Reads what the journal says of the instances of one endpoint in one place."""

    def __init__(self, journal: Journal, endpoint: str, account: str, region: str) -> None:
        super().__init__(journal, endpoint, (account, region), _SETTING_COUNTS, counts_of)


def counts_of(record: OperationRecord) -> Iterator[KnownCount]:
    """The counts that an operation has asked for and those that it has seen arrive; until a creation is over, none."""
    for step in record.plan.steps:
        counts = _counts(step.call, record.plan)
        begun = first_event(events_of(record, step), "acting")
        if not counts or step.call is None or begun is None:
            continue
        waited = events_of(record, wait_after(record.plan, step))
        there = next((event for event in waited if event.state == "done" and event.at >= begun.at), None)
        created = step.call.name == _CREATION
        for variant, count in counts.items():
            if not created:
                yield KnownCount(variant, begun.at, begun.at, None, count, moved=True)
            elif there is not None:
                yield KnownCount(variant, begun.at, there.at, 0, count)
            if there is not None:
                yield KnownCount(variant, there.at, there.at, count, None, moved=True)


def _counts(call: Call | None, plan: Plan) -> Mapping[str, int]:
    """How many instances of each variant a call asks for; none where it asks for no number."""
    if call is None:
        return {}
    if call.name == _CREATION:
        config = call.parameters.get("EndpointConfigName")
        made = (step.call for step in plan.steps if step.call is not None)
        found = (one for one in made if one.name == f"{_CREATION}Config")
        variants = (
            variant
            for one in found
            if one.parameters.get("EndpointConfigName") == config
            for variant in one.parameters.get("ProductionVariants", ())
        )
        return {one["VariantName"]: one["InitialInstanceCount"] for one in variants if "InitialInstanceCount" in one}
    if call.name == "sagemaker:UpdateEndpointWeightsAndCapacities":
        entries = call.parameters.get("DesiredWeightsAndCapacities", ())
        return {one["VariantName"]: one["DesiredInstanceCount"] for one in entries if "DesiredInstanceCount" in one}
    return {}
