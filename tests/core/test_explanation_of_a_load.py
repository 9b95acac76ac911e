"""What is said of an endpoint while a load comes and goes is what then happens to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cmapss_core.plans import runner
from cmapss_core.plans.autoscale import ScaleRequest, plan_scale
from cmapss_core.plans.journal import Journal
from cmapss_core.plans.runner import run
from cmapss_core.watch import read_watch
from tests.core.regions import RegionAws
from tests.sandbox.scaling import call, serving_region

ROW = b"1,2\n"

# What each sentence begins with, in the order in which the load brings them about.
STORY = (
    "Steady at the minimum of 1",
    "1 of 3 datapoints above 10; scale-out to 3 expected within 2 minutes if the next 2 are too.",
    "2 of 3 datapoints above 10; scale-out to 3 expected within a minute if the next is too.",
    "Scaling out to 3: 40 invocations per instance and minute, target 10, above it for 3 of 3 datapoints.",
    "At the maximum of 3: ",
    "At the maximum of 3 (AlreadyAtMaxCapacity): ",
    "Not scaling in yet: 1 of 15 datapoints below 9; scale-in at ",
    "Scaling in from 3 to 2: below 9 invocations per instance and minute for 15 datapoints",
    "Not scaling in: cooldown until ",
    "Scaling in from 2 to 1: ",
    "Steady at the minimum of 1: 0 invocations",
)


def test_the_sentences_follow_the_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "MAX_POLL_SECONDS", 0.0)
    region, services = serving_region(tmp_path / "state")
    aws = RegionAws(region, services)
    plan = plan_scale(aws, ScaleRequest(endpoint="engines", min=1, max=3))
    assert run(aws, plan, Journal(tmp_path / "journal")).status == "done"

    said = []
    for minute in range(70):
        watch = read_watch(aws, "engines")
        assert watch.error is None
        said.append(watch.explanation)
        for _ in range(40 if minute < 12 else 0):
            call(
                region,
                services["sagemaker-runtime"],
                "InvokeEndpoint",
                EndpointName="engines",
                Body=ROW,
                ContentType="text/csv",
            )
        region.advance(60)

    left = iter(said)
    for beginning in STORY:
        assert any(sentence.startswith(beginning) for sentence in left), f"{beginning!r} is not in time in {said}"
