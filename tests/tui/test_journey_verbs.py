"""The journey as a script makes it: every verb a process of its own, JSON on stdout, on a sandbox at sixty times."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live import LiveSandbox


@pytest.fixture
def fast(sandbox: LiveSandbox) -> Iterator[LiveSandbox]:
    """The sandbox at sixty times, as it runs by default."""
    sandbox.control("/clock", speed=60)
    yield sandbox
    sandbox.control("/clock", speed=1)


def verb(sandbox: LiveSandbox, *words: str, code: int = 0) -> Any:
    """Run a verb, and read what it prints: JSON where there is any, else its line on stderr."""
    finished = subprocess.run(
        [sys.executable, "-m", "cmapss_tui", "--endpoint-url", sandbox.endpoint_url, *words],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert finished.returncode == code, finished.stderr
    assert "Traceback" not in finished.stderr
    return json.loads(finished.stdout) if finished.stdout else finished.stderr


def test_the_journey(fast: LiveSandbox, real_data: Path) -> None:
    jobs = verb(fast, "jobs", "--json")
    assert [job["rank"] for job in jobs] == list(range(1, len(jobs) + 1))
    values = [job["objective_value"] for job in jobs]
    assert values == sorted(values)

    plan = verb(fast, "deploy", "best", "--dry-run", "--json")
    assert verb(fast, "endpoints", "--json") == [], "a dry run changes nothing"
    assert [step["operation"] for step in plan["steps"]] == [
        "CreateModel",
        "CreateEndpointConfig",
        "CreateEndpoint",
        "DescribeEndpoint",
        "RegisterScalableTarget",
        "PutScalingPolicy",
    ]
    assert plan["hourly_cost_usd_before"] == 0
    assert plan["hourly_cost_usd_after"] == 0.23

    deployed = verb(fast, "deploy", "best", "--name", "journey", "--yes", "--wait", "--json")
    assert deployed["status"] == "done"
    [endpoint] = verb(fast, "endpoints", "--json")
    assert (endpoint["name"], endpoint["status"]) == ("journey", "InService")
    assert "already" in verb(fast, "deploy", "best", "--name", "journey", "--yes", "--json", code=1)
    assert "above max" in verb(fast, "scale", "journey", "--min", "6", "--yes", code=2)

    found = verb(fast, "validate", "journey", "--max-rmse", "57.8", "--json")
    assert found["data"] == "nasa", "the engines that the model was trained on"
    assert found["rows"] == 104_897
    assert found["rmse"] <= 57.8
    gate = ("validate", "journey", "--data", str(real_data), "--subset", "FD004", "--max-rmse", "1", "--json")
    assert verb(fast, *gate, code=4)["rows"] == 41_214

    sent = verb(fast, "traffic", "journey", "--rate", "120", "--duration", "9m", "--json")
    assert sent["failed"] == 0
    assert sent["sent"] == 1080
    watch = verb(fast, "watch", "journey", "--json")
    assert watch["variants"][0]["current_instances"] == 5
    assert watch["scaling"]["max"] == 5
    assert any("AlarmHigh" in activity["cause"] for activity in watch["activities"])
    assert max(value for _, value in watch["metrics"]["invocations"]) > 60

    refused = verb(fast, "delete", "journey", code=6)
    assert "--yes" in refused
    assert verb(fast, "delete", "journey", "--yes", "--json")["status"] == "done"
    for client, operation, member, parameters in (
        ("sagemaker", "list_endpoints", "Endpoints", {}),
        ("sagemaker", "list_endpoint_configs", "EndpointConfigs", {}),
        ("sagemaker", "list_models", "Models", {}),
        ("application-autoscaling", "describe_scalable_targets", "ScalableTargets", {"ServiceNamespace": "sagemaker"}),
        ("application-autoscaling", "describe_scaling_policies", "ScalingPolicies", {"ServiceNamespace": "sagemaker"}),
        ("cloudwatch", "describe_alarms", "MetricAlarms", {}),
    ):
        assert getattr(fast.client(client), operation)(**parameters)[member] == []


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("deploy", "no-such-job", "--yes"), 3, "no-such-job"),
        (("deploy", "best", "--name", "with_underscore", "--yes"), 2, "'_'"),
        (("deploy", "best", "--min", "4", "--max", "2", "--yes"), 2, "min 4 is above max 2"),
        (("watch", "absent", "--once"), 3, "absent"),
        (("validate", "absent"), 3, "absent"),
        (("traffic", "absent"), 3, "absent"),
        (("delete", "absent", "--yes"), 3, "absent"),
        (("scale", "absent", "--min", "1", "--yes"), 3, "absent"),
        (("deploy", "best", "--instance-type", "ml.t2.medium", "--yes"), 2, "burstable"),
        (("--read-only", "deploy", "best", "--yes"), 6, "read-only"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else str(value),
)
def test_what_cannot_be_is_one_line_and_changes_nothing(
    sandbox: LiveSandbox, words: tuple[str, ...], code: int, said: str
) -> None:
    line = verb(sandbox, *words, code=code)
    assert said in line
    assert len(line.strip().splitlines()) == 1
    assert sandbox.client("sagemaker").list_models()["Models"] == []
    assert sandbox.client("sagemaker").list_endpoint_configs()["EndpointConfigs"] == []
