"""What is left in a region that no endpoint needs, and whether it may go: whose it is, how old, what protects it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from cmapss_core.aws import Aws
from cmapss_core.belongings import Listed, tags_by_key
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.journal import Journal
from cmapss_core.plans.names import ENDPOINT_PREFIX
from cmapss_core.plans.plan import OWNER_TAG, Place
from cmapss_core.plans.protection import protected_because
from cmapss_core.plans.running.operations import Operation

FindingKind = Literal["endpoint", "scalable target", "endpoint config", "model", "alarm", "uploaded model", "log group"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that no endpoint needs, or an endpoint that nobody calls: why it is left, and why it stays if it does.

    `since` is when it was made. `hourly_cost_usd` is what it costs: only endpoints do, None where it is unknown.
    """

    kind: FindingKind
    name: str
    why: str
    since: datetime | None
    ours: bool
    hourly_cost_usd: float | None = 0.0
    kept_because: str | None = None

    @property
    def goes(self) -> bool:
        """Whether the clean-up removes it."""
        return self.kept_because is None


@dataclass(frozen=True, slots=True)
class _Unfinished:
    """An operation that can still be resumed or rolled back, and everything that its plan names."""

    id: str
    names: frozenset[str]


class Judge:
    """Says of what is left whether the console made it, and why it is to stay."""

    def __init__(self, aws: Aws, journal: Journal, *, everything: bool, older_than: timedelta) -> None:
        operations = journal.operations()
        self._aws = aws
        self._everything = everything
        self._older_than = older_than
        self._place = Place(aws.identity().account, aws.region)
        self._targets = frozenset(operation.target for operation in operations if self._here(operation))
        self._unfinished = tuple(
            _Unfinished(operation.id, frozenset(_names(journal, operation)))
            for operation in operations
            if operation.status in ("open", "running") and self._here(operation)
        )

    def made_endpoint(self, name: str) -> bool:
        """Whether the console made the endpoint of this name, as far as a name tells: for what has no tags itself."""
        return name.startswith(ENDPOINT_PREFIX) or name in self._targets

    def tags(self, listed: Listed) -> dict[str, str]:
        """The tags of an endpoint, endpoint config or model."""
        return tags_by_key(self._aws, listed.arn)

    def keeps(
        self,
        name: str,
        *,
        ours: bool,
        since: datetime | None,
        belongs_to: str | None = None,
        arn: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> str | None:
        """Why something stays, None where it may go. `belongs_to` is its endpoint, where it has or had one."""
        for operation in self._unfinished:
            if {name, belongs_to} & operation.names or (tags or {}).get(OWNER_TAG) == operation.id:
                return f"{operation.id} can still be resumed or rolled back"
        if not ours and not self._everything:
            return "the console did not make it (--all)"
        # AWS dates its answers to the second, so what was just made can seem to come from the future.
        if since is not None and timedelta() < self._older_than > self._aws.clock.now() - since:
            return f"it is younger than {_span(self._older_than)} (--older-than)"
        protected = protected_because(self._aws, belongs_to or name, arn)
        return f"it is protected: {protected}" if protected else None

    def _here(self, operation: Operation) -> bool:
        return operation.place in (None, self._place)


def _names(journal: Journal, operation: Operation) -> Iterator[str]:
    yield operation.target
    try:
        plan = journal.read(operation.id).plan
    except ConsoleError as error:
        if error.kind is not ErrorKind.INVALID:
            raise
        return  # another version of the console wrote it: what it made is known by its tag
    for step in plan.steps:
        for one in (step, *step.way_back):
            for call in (one.call, one.proof.call):
                if call is not None:
                    yield from _texts(call.parameters)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


def _span(span: timedelta) -> str:
    days = span / timedelta(days=1)
    if days >= 1:
        return f"{days:g} days" if days != 1 else "a day"
    return f"{span / timedelta(hours=1):g} hours" if span != timedelta(hours=1) else "an hour"
