"""What AWS says of a thing: as JSON and YAML, with what belongs to it, and nothing of it left behind."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_tui.described import Document, coloured, describe, leaves, plain, text
from cmapss_tui.screens.describe import DescribeScreen, describe_endpoint
from tests.tui.consoles import ENDPOINT, Console, DeafAws, opened, screen_text, until

CREATED = datetime(2026, 11, 22, 16, 4, 37, tzinfo=UTC)
ENDPOINT_ANSWER: Mapping[str, Any] = {
    "EndpointName": ENDPOINT,
    "EndpointStatus": "InService",
    "EndpointConfigName": "the-config",
    "CreationTime": CREATED,
    "ProductionVariants": [{"VariantName": "AllTraffic", "CurrentWeight": 1.0}],
    "ResponseMetadata": {"RequestId": "request-1"},
}
ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "DescribeEndpoint": ENDPOINT_ANSWER,
    "DescribeEndpointConfig": {"EndpointConfigName": "the-config", "ProductionVariants": [{"ModelName": "the-model"}]},
    "DescribeModel": {"ModelName": "the-model", "PrimaryContainer": {"Environment": {"TOKEN": "s3cret"}}},
    "DescribeScalableTargets": {"ScalableTargets": [{"MaxCapacity": 5}], "NextToken": None},
    "DescribeScalingPolicies": {"ScalingPolicies": [{"PolicyName": "tracking", "Alarms": [{"AlarmName": "high"}]}]},
    "DescribeAlarms": {"MetricAlarms": [{"AlarmName": "high", "StateValue": "OK"}], "CompositeAlarms": []},
}


class DescribedAws(DeafAws):
    """A connection that knows one endpoint."""

    failure: ConsoleError | None = None

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        if self.failure is not None:
            raise self.failure
        return dict(ANSWERS[operation])


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
async def test_it_is_shown_as_aws_says_it_in_either_format(size: tuple[int, int]) -> None:
    app = Console(DescribedAws())
    async with app.run_test(size=size) as pilot:
        screen = DescribeScreen("engines", "sagemaker", "DescribeEndpoint", {"EndpointName": "engines"})
        await opened(pilot, screen)
        await until(pilot, lambda: '"CreationTime": "2026-11-22T16:04:37Z",' in screen_text(app))
        assert "request-1" not in screen_text(app)
        [first, *_] = screen.copyable().values()
        assert json.loads(first)["EndpointName"] == ENDPOINT
        await pilot.press("f")
        await until(pilot, lambda: "CreationTime: '2026-11-22T16:04:37Z'" in screen_text(app))
        [first, *_] = screen.copyable().values()
        assert yaml.safe_load(first)["EndpointStatus"] == "InService"
        assert (sheet := screen.sheet()) is not None
        assert ("ProductionVariants[0].VariantName", "AllTraffic") in sheet.rows


async def test_tab_goes_through_what_belongs_to_an_endpoint() -> None:
    app = Console(DescribedAws())
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot, describe_endpoint(ENDPOINT))
        for seen in ("EndpointStatus", "the-config", "s3cret", "MaxCapacity", "PolicyName", "StateValue"):
            await until(pilot, lambda seen=seen: f"{seen}" in screen_text(app))  # type: ignore[misc]  # of this turn
            await pilot.press("tab")
        await until(pilot, lambda: "EndpointStatus" in screen_text(app))
        await pilot.press("shift+tab")
        await until(pilot, lambda: "StateValue" in screen_text(app))


async def test_a_reading_keeps_the_place(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Console(DescribedAws())
    async with app.run_test(size=(120, 36)) as pilot:
        screen = DescribeScreen("engines", "sagemaker", "DescribeEndpoint", {})
        await opened(pilot, screen)
        await until(pilot, lambda: len(screen.view().lines) > 5)
        await pilot.press("j", "j", "j")
        before = screen._described
        await pilot.press("r")
        await until(pilot, lambda: screen._described is not before)
        assert screen.view().cursor == 3


async def test_what_cannot_be_described_is_said() -> None:
    aws = DescribedAws()
    aws.failure = ConsoleError(ErrorKind.NOT_FOUND, "Could not find endpoint engines", operation="sagemaker:X")
    app = Console(aws)
    async with app.run_test(size=(120, 36)) as pilot:
        screen = DescribeScreen("engines", "sagemaker", "DescribeEndpoint", {})
        await opened(pilot, screen)
        await until(pilot, lambda: "Could not find endpoint engines" in screen_text(app))
        assert screen.copyable() == {}
        assert screen.sheet() is None


def test_a_secret_is_in_no_representation_of_what_was_read() -> None:
    described = describe(DescribedAws(), Document("model", lambda aws: aws.call("sagemaker", "DescribeModel")))
    assert "s3cret" in "".join(described.lines["JSON"])
    assert "s3cret" not in repr(described)


# Without the line breaks of Unicode, of which PyYAML writes some that it reads as others; AWS's names have none.
TEXT = st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"])
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(TEXT, max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(TEXT, max_size=8), inner, max_size=4),
    max_leaves=20,
)
ANSWER = st.dictionaries(st.text(TEXT, min_size=1, max_size=10), JSON, max_size=5)


@given(ANSWER)
def test_either_format_says_all_of_it_and_nothing_else(answer: dict[str, Any]) -> None:
    assert json.loads(text(answer, "JSON")) == answer
    assert yaml.safe_load(text(answer, "YAML")) == answer


@given(ANSWER)
def test_colours_leave_every_line_as_it_is(answer: dict[str, Any]) -> None:
    for name in ("JSON", "YAML"):
        for line in text(answer, name).splitlines():
            content = coloured(line)
            assert content.plain == line
            assert all(0 <= span.start <= span.end <= len(line) for span in content.spans)


def test_values_have_paths_and_times_are_iso() -> None:
    answer = plain({"A": [{"B": CREATED}], "ResponseMetadata": {}, "C": None})
    assert list(leaves(answer)) == [("A[0].B", "2026-11-22T16:04:37Z"), ("C", None)]
