"""Every call that failed, as an operator looks it up afterwards: what was asked of whom, what came back, what to do.

What a call was about is kept by the names of resources alone; payloads, environments and bodies never are.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.permissions import READING_OPERATIONS, Permission, Scope, permissions_for

KEPT, KEPT_ANSWERS = 1_000, 200
# The members that name what a call is about, in the spelling of each service.
NAMING_MEMBERS = (
    "EndpointName",
    "EndpointConfigName",
    "ModelName",
    "TrainingJobName",
    "HyperParameterTuningJobName",
    "TargetVariant",
    "ResourceId",
    "ResourceArn",
    "ResourceIds",
    "PolicyName",
    "PolicyNames",
    "ScheduledActionName",
    "AlarmName",
    "AlarmNames",
    "RoleName",
    "PolicySourceArn",
    "Bucket",
    "Key",
    "logGroupName",
    "logGroupNamePrefix",
    "logStreamName",
    "repositoryName",
    "SubnetIds",
    "ServiceCode",
    "Resource",
)
_SHOWN_NAMES = 3
_SECRET_MEMBERS = ("Environment", "Body")
_LEAST_SECRET = 4  # shorter values are words of any sentence

Subject = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class FailedCall:
    """A call that failed, once or several times in a row.

    `number` is its own for good, `event` grows with every failure of any call. Times are the region's. `attempts`
    counts the requests that the last failure took, where that is known; `permissions` are what a denied call needs.
    `answered`: it was a question, and that there is no such thing was the answer.
    """

    number: int
    event: int
    operation: str
    subject: Subject
    kind: ErrorKind
    code: str | None
    message: str
    remedy: str
    request_id: str | None
    http_status: int | None
    attempts: int | None
    first: datetime
    last: datetime
    count: int = 1
    permissions: tuple[Permission, ...] = ()

    @property
    def answered(self) -> bool:
        """Whether it only asked whether something is there, and it is not."""
        return _is_answer(self.operation, self.kind)

    @property
    def about(self) -> str:
        """The names of what it was about."""
        return " ".join(value for _, value in self.subject)


class FailedCalls:
    """The failures of one connection, bounded; safe to share among threads.

    Failures of the same call in a row, that is without a success of it in between, are one and are counted.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures: OrderedDict[int, FailedCall] = OrderedDict()
        self._answers: OrderedDict[int, FailedCall] = OrderedDict()
        self._rows: dict[tuple[str, Subject], int] = {}  # the number of the failure that is still the call's newest
        self._events = 0
        self._seen = 0
        self._version = 0

    @property
    def version(self) -> int:
        """A number that is another one whenever the list is."""
        return self._version

    @property
    def unseen(self) -> int:
        """How many failures have come, or come again, since somebody looked."""
        with self._lock:
            return sum(call.event > self._seen for call in self._failures.values())

    def all(self) -> tuple[FailedCall, ...]:
        """The failures, newest first."""
        with self._lock:
            return tuple(reversed(self._failures.values()))

    def answers(self) -> tuple[FailedCall, ...]:
        """The questions that were answered with: there is no such thing; newest first."""
        with self._lock:
            return tuple(reversed(self._answers.values()))

    def mark_seen(self) -> None:
        """Somebody has looked."""
        with self._lock:
            self._seen = self._events

    def clear(self) -> None:
        """Forget them all."""
        with self._lock:
            self._failures.clear()
            self._answers.clear()
            self._rows.clear()
            self._version += 1

    def succeeded(self, service: str, operation: str, parameters: Mapping[str, Any]) -> None:
        """A call was answered: its next failure is a new one."""
        if self._rows:
            with self._lock:
                self._rows.pop((f"{service}:{operation}", subject_of(parameters)), None)

    def note(
        self,
        service: str,
        operation: str,
        parameters: Mapping[str, Any],
        error: ConsoleError,
        at: datetime,
        scope: Scope,
    ) -> None:
        """Keep a failure. What this console refused by itself was never a call, and is not kept."""
        if error.kind is ErrorKind.REFUSED:
            return
        name, subject = f"{service}:{operation}", subject_of(parameters)
        denied = error.kind is ErrorKind.DENIED
        with self._lock:
            self._events += 1
            self._version += 1
            failed = FailedCall(
                number=self._events,
                event=self._events,
                operation=name,
                subject=subject,
                kind=error.kind,
                code=error.code,
                message=_without_secrets(error.message, parameters),
                remedy=error.remedy,
                request_id=error.request_id,
                http_status=error.http_status,
                attempts=_attempts(error),
                first=at,
                last=at,
                permissions=_needed(permissions_for(service, operation, parameters, scope), error) if denied else (),
            )
            kept, most = (self._answers, KEPT_ANSWERS) if failed.answered else (self._failures, KEPT)
            before = kept.get(self._rows.get((name, subject), 0))
            if before is not None and (before.kind, before.code) == (failed.kind, failed.code):
                del kept[before.number]
                failed = replace(failed, number=before.number, first=before.first, count=before.count + 1)
            kept[failed.number] = failed
            self._rows[name, subject] = failed.number
            while len(kept) > most:
                _, oldest = kept.popitem(last=False)
                if self._rows.get((oldest.operation, oldest.subject)) == oldest.number:
                    del self._rows[oldest.operation, oldest.subject]


def subject_of(parameters: Mapping[str, Any]) -> Subject:
    """The names of resources among the parameters; of long lists the first few, and how many more there are."""
    return tuple((member, text) for member in NAMING_MEMBERS if (text := _as_text(parameters.get(member))))


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple):
        names = [name for name in value if isinstance(name, str)]
        more = f" and {len(names) - _SHOWN_NAMES} more" if len(names) > _SHOWN_NAMES else ""
        return " ".join(names[:_SHOWN_NAMES]) + more
    return ""


def _is_answer(operation: str, kind: ErrorKind) -> bool:
    looks = operation in READING_OPERATIONS and not operation.startswith("sagemaker-runtime:")
    return kind is ErrorKind.NOT_FOUND and looks


def _needed(permissions: tuple[Permission, ...], error: ConsoleError) -> tuple[Permission, ...]:
    """Those whose action the refusal names; where it names none, all."""
    named = tuple(one for one in permissions if one.action in error.message)
    return named or permissions


def _attempts(error: ConsoleError) -> int | None:
    """How many requests were sent, as botocore keeps it in the answer."""
    response = getattr(error.__cause__, "response", None)
    retries = response.get("ResponseMetadata", {}).get("RetryAttempts") if isinstance(response, Mapping) else None
    return None if retries is None else int(retries) + 1


def _without_secrets(message: str, parameters: Mapping[str, Any]) -> str:
    """The message without the values that some refusals repeat."""
    for value in sorted(set(_secrets(parameters)), key=len, reverse=True):
        message = message.replace(value, "[not kept]")
    return message


def _secrets(parameters: Any, *, secret: bool = False) -> Iterator[str]:
    if isinstance(parameters, Mapping):
        for name, value in parameters.items():
            yield from _secrets(value, secret=secret or name in _SECRET_MEMBERS)
    elif isinstance(parameters, list | tuple):
        for value in parameters:
            yield from _secrets(value, secret=secret)
    elif secret:
        text = parameters.decode("utf-8", "replace") if isinstance(parameters, bytes) else str(parameters)
        if len(text) >= _LEAST_SECRET:
            yield text
