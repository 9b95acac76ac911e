"""One step of an operation, on a clock that is told in jumps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from typing import cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cmapss_core.aws import Aws, Target
from cmapss_core.clock import RegionClock
from cmapss_core.plans.plan import Call, Proof, Step
from cmapss_core.plans.running.attempts import LATE_SECONDS, Attempt
from cmapss_core.plans.running.hand import Hand
from cmapss_core.plans.running.looking import Look, Sight
from cmapss_core.plans.running.patience import Patience

MINUTE = 60.0
CALLED_AT = datetime(2026, 11, 22, 16, 0, 0, 950_000, tzinfo=UTC)
STEP = Step(
    n=1,
    title="delete endpoint",
    detail="engines",
    call=Call("sagemaker", "DeleteEndpoint", {"EndpointName": "engines"}),
    proof=Proof(call=Call("sagemaker", "DescribeEndpoint", {"EndpointName": "engines"}), gone=True),
)


class ToldClock(RegionClock):
    """A clock that only an answer of the region moves, to a whole second, as its header Date does."""

    def __init__(self) -> None:
        super().__init__()
        self.at = CALLED_AT

    def now(self) -> datetime:
        return self.at


class WatchedHand:
    """A hand that looks at a region in which these seconds pass before each look, and then a minute before each."""

    def __init__(self, passing: Sequence[float]) -> None:
        self.aws = Aws(Target(region="us-east-1", endpoint_url="http://127.0.0.1:9"))
        self.clock = self.aws.clock = ToldClock()
        self.patience = Patience(self.aws, lambda: False, 0.0, 0.0)
        self._region = CALLED_AT
        self._passing = chain(passing, repeat(MINUTE))

    def look(self, proof: Proof, *, asked: bool) -> Look:
        self._region += timedelta(seconds=next(self._passing))
        self.clock.at = max(self.clock.at, self._region.replace(microsecond=0))
        return Look(Sight.NOT_YET)


def silent(*_: object, **__: object) -> None:
    """Whoever listens."""


@pytest.mark.parametrize("early", [True, False])
@given(passing=st.lists(st.floats(0.0, MINUTE), max_size=40))
@example(passing=[0.0, MINUTE, MINUTE + 0.1])
def test_a_call_that_cannot_take_effect_any_more_has_settled_however_the_clock_jumps(
    early: bool, passing: Sequence[float]
) -> None:
    hand = WatchedHand(passing)
    attempt = Attempt(cast(Hand, hand), STEP, cast(Callable[..., None], silent), sent_before=True)
    assert attempt.settled(CALLED_AT, early=early).sight is Sight.NOT_YET
    assert hand.clock.now() >= CALLED_AT + timedelta(seconds=LATE_SECONDS)
