"""An AWS that answers from a script, for tests of what the core makes of answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from cmapss_core.aws import Aws, Target
from cmapss_core.errors import ConsoleError, ErrorKind

Answer = Callable[..., dict[str, Any]] | dict[str, Any] | ConsoleError

NOW = datetime(2026, 11, 22, 16, 41, tzinfo=UTC)


# What every plan asks, whatever it is about.
EVERYWHERE: Mapping[str, Answer] = {
    "sts:GetCallerIdentity": {
        "Account": "000000000000",
        "Arn": "arn:aws:sts::000000000000:assumed-role/operator/tests",
        "UserId": "AROA:tests",
    },
    "sagemaker:ListTags": {"Tags": []},
    "iam:SimulatePrincipalPolicy": {"EvaluationResults": [], "IsTruncated": False},
}


class SteppingClock:
    """A region clock that moves on by a step whenever it is looked at."""

    def __init__(self, now: datetime = NOW, step_seconds: float = 0.0, speed: float = 1e9) -> None:
        self._now = now
        self.step_seconds = step_seconds
        self.speed = speed
        self.heard = True

    def now(self) -> datetime:
        self._now += timedelta(seconds=self.step_seconds)
        return self._now


class ScriptedAws(Aws):
    """Answers "service:Operation" from a dict of answers, functions of the parameters, or errors; keeps the calls."""

    def __init__(self, answers: Mapping[str, Answer], *, read_only: bool = False, step_seconds: float = 0.0) -> None:
        super().__init__(Target(region="us-east-1", endpoint_url="http://127.0.0.1:1", read_only=read_only))
        self.answers = {**EVERYWHERE, **answers}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.clock = SteppingClock(step_seconds=step_seconds)  # type: ignore[assignment]  # the same face

    def _send(self, service: str, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        name = f"{service}:{operation}"
        self.calls.append((name, dict(parameters)))
        self.meter.count()
        answer = self.answers[name]
        if callable(answer):
            answer = answer(**parameters)
        if isinstance(answer, ConsoleError):
            raise answer
        return answer

    @property
    def called(self) -> list[str]:
        """The names of the calls, in order."""
        return [name for name, _ in self.calls]


def not_found(message: str = "Could not find it") -> ConsoleError:
    """The error of something that is not there."""
    return ConsoleError(ErrorKind.NOT_FOUND, message, code="ValidationException")
