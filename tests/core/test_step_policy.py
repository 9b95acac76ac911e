"""Steps as they are written become what AWS takes, and what AWS would refuse is refused before."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.scaling.step_policy import parse_steps
from cmapss_sandbox.services.autoscaling.steps import check_step_scaling

LOW, HIGH, BY = "MetricIntervalLowerBound", "MetricIntervalUpperBound", "ScalingAdjustment"


@pytest.mark.parametrize(
    ("texts", "kind", "steps", "above"),
    [
        (["0:=+1"], "ChangeInCapacity", [{LOW: 0.0, BY: 1}], True),
        (["10:=+2", "0:10=+1"], "ChangeInCapacity", [{LOW: 0.0, HIGH: 10.0, BY: 1}, {LOW: 10.0, BY: 2}], True),
        (["0:=+50%"], "PercentChangeInCapacity", [{LOW: 0.0, BY: 50}], True),
        (["0:=4"], "ExactCapacity", [{LOW: 0.0, BY: 4}], True),
        (["-5:0=-1", ":-5=-2"], "ChangeInCapacity", [{HIGH: -5.0, BY: -2}, {LOW: -5.0, HIGH: 0.0, BY: -1}], False),
    ],
)
def test_steps_are_read(texts: list[str], kind: str, steps: list[dict[str, float]], above: bool) -> None:
    found = parse_steps(texts)
    assert (found.adjustment_type, list(found.steps), found.above) == (kind, steps, above)


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["+1"], "'+1' is no step"),
        ([":=+1"], "is no step"),
        (["10:0=+1"], "is no step"),
        (["1.2.3:=+1"], "is no step"),
        (["0:10=+1", "10:=+50%"], "count in different ways"),
        (["0:10=+1", "20:=+2"], "have a gap between 10 and 20"),
        (["0:10=+1", "5:=+2"], "overlap between 5 and 10"),
        ([":5=-1", "5:=+1"], "on both sides"),
        (["0:10=+1"], "the outermost step has an end"),
    ],
)
def test_what_aws_would_refuse_is_refused_before(texts: list[str], words: str) -> None:
    with pytest.raises(ConsoleError) as caught:
        parse_steps(texts)
    assert words in caught.value.message
    assert caught.value.kind is ErrorKind.INVALID


@given(
    bounds=st.lists(st.integers(1, 100), unique=True, max_size=5).map(sorted),
    sizes=st.lists(st.integers(0, 9), min_size=6, max_size=6),
    below=st.booleans(),
)
def test_whatever_is_read_aws_takes(bounds: list[int], sizes: list[int], below: bool) -> None:
    edges: list[str] = ["0", *map(str, bounds), ""]
    texts = [f"{low}:{high}=+{size}" for low, high, size in zip(edges, edges[1:], sizes, strict=False)]
    if below:
        edges = ["0", *(f"-{bound}" for bound in bounds), ""]
        texts = [f"{low}:{high}=-{size}" for high, low, size in zip(edges, edges[1:], sizes, strict=False)]
    found = parse_steps(texts)
    assert found.above is not below
    check_step_scaling({"AdjustmentType": found.adjustment_type, "StepAdjustments": list(found.steps)})
