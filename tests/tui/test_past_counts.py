"""Numbers of instances that the journal knows: what an operation asked for, and when it was there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from cmapss_core.instance_counts import KnownCount
from cmapss_core.plans.journal import Journal
from cmapss_core.plans.plan import Call, Plan, Proof, Step
from cmapss_tui.operations.past_counts import PastCounts
from tests.tui.consoles import ENDPOINT, deploy_plan
from tests.tui.journals import PLACE
from tests.tui.test_past_rollouts import HERE, at, written


def plan_of(kind: str, *calls: Call | None) -> Plan:
    proof = Proof(call=Call("sagemaker", "DescribeEndpoint", {"EndpointName": ENDPOINT}))
    steps = [Step(n=n, title=f"step {n}", detail="", call=call, proof=proof) for n, call in enumerate(calls, 1)]
    identifier = f"{kind}-2026-11-22-16-00-00-abcd"
    return replace(deploy_plan(), id=identifier, intention=kind, target=ENDPOINT, steps=tuple(steps), place=PLACE)


def deployment() -> Plan:
    variants = [{"VariantName": "AllTraffic", "InitialInstanceCount": 2}]
    return plan_of(
        "deploy",
        Call("sagemaker", "CreateEndpointConfig", {"EndpointConfigName": "one", "ProductionVariants": variants}),
        Call("sagemaker", "CreateEndpoint", {"EndpointName": ENDPOINT, "EndpointConfigName": "one"}),
        None,
    )


def capacities(member: str) -> Plan:
    entries = [{"VariantName": "AllTraffic", member: 3}]
    asked = {"EndpointName": ENDPOINT, "DesiredWeightsAndCapacities": entries}
    return plan_of("scale", Call("sagemaker", "UpdateEndpointWeightsAndCapacities", asked), None)


def test_a_creation_begins_with_none_and_ends_with_what_its_config_says(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    written(journal, deployment(), (1, "acting", 30), (1, "done", 30), (2, "acting", 29), (2, "done", 29))
    assert PastCounts(journal, *HERE).read() == (), "it is not in service yet"
    written(journal, replace(deployment(), id="deploy-2026-11-22-16-00-00-ef01"), (2, "acting", 29), (3, "done", 20))
    assert PastCounts(journal, *HERE).read() == (
        KnownCount("AllTraffic", at(29), at(20), 0, 2),
        KnownCount("AllTraffic", at(20), at(20), 2, None, moved=True),
    )


def test_a_number_that_was_set_is_asked_for_at_once_and_there_when_the_wait_is_over(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    written(journal, capacities("DesiredInstanceCount"), (1, "acting", 12), (1, "done", 12), (2, "done", 6))
    assert PastCounts(journal, *HERE).read() == (
        KnownCount("AllTraffic", at(12), at(12), None, 3, moved=True),
        KnownCount("AllTraffic", at(6), at(6), 3, None, moved=True),
    )
    assert PastCounts(journal, "another", PLACE.account, PLACE.region).read() == ()


def test_weights_say_nothing_of_instances(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    written(journal, capacities("DesiredWeight"), (1, "acting", 12), (1, "done", 12), (2, "done", 6))
    assert PastCounts(journal, *HERE).read() == ()
