"""The one door to AWS: a locked client factory, timeouts, the region's clock, a call meter and the guard on changes."""

from __future__ import annotations

import ipaddress
import os
import threading
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import urlsplit

from cmapss_core.answers import checked, understood
from cmapss_core.botocore_errors import from_botocore_error
from cmapss_core.call_meter import CallMeter
from cmapss_core.clock import RegionClock
from cmapss_core.credentials import END_OF_FAULTS, way_back
from cmapss_core.errors import REMEDIES, ConsoleError, ErrorKind, from_client_error
from cmapss_core.failed_calls import FailedCalls
from cmapss_core.permissions import EVERYTHING, READING_OPERATIONS, Scope, actions_for

if TYPE_CHECKING:
    from cmapss_core.renewal import RenewableCredentials

Value = TypeVar("Value")

SANDBOX_KEY = "sandbox"
PRICING_REGION = "us-east-1"  # the Price List API answers in few regions, for all of them
MAX_PAGES = 1_000
SANDBOX_GONE = "Nothing answers on this machine: start the sandbox, or the console, again."
# What leaves a question open: the service said nothing about the thing that was asked for.
UNANSWERED = frozenset({ErrorKind.DENIED, ErrorKind.THROTTLED, ErrorKind.UNREACHABLE, ErrorKind.FAILED})
ANSWER_LOST = "The connection ended before an answer came: see what has become of it, and try again."

_WITHOUT_A_BODY = "403"  # of an answer to HEAD, which has none to say what is not permitted

_plan_in_hand: ContextVar[str | None] = ContextVar("plan_in_hand", default=None)
_recording: ContextVar[Recording | None] = ContextVar("recording", default=None)


@dataclass(frozen=True, slots=True)
class Target:
    """Which AWS to talk to. An endpoint URL stands for every service: that is how a sandbox is addressed.

    `protected` are patterns of the endpoints' names that only who types them may change.
    """

    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    read_only: bool = False
    protected: tuple[str, ...] = ()

    @property
    def is_local(self) -> bool:
        """Whether the endpoint URL is on this machine."""
        host = urlsplit(self.endpoint_url or "").hostname or ""
        try:
            return host == "localhost" or ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False


@dataclass(frozen=True, slots=True)
class Identity:
    """Who AWS says is calling; `role` is the short name of the role or user."""

    account: str
    arn: str
    role: str


@dataclass(slots=True)
class Recording:
    """The IAM actions of the calls that were made while it lasted, in order, and which of them were denied.

    `unanswered` are those that failed for a reason that says nothing about the thing asked for, with that reason.
    """

    actions: dict[str, None] = field(default_factory=dict)
    denied: dict[str, None] = field(default_factory=dict)
    unanswered: dict[str, str] = field(default_factory=dict)

    def include(self, other: Recording) -> None:
        """Note what another recording has as well."""
        self.actions.update(other.actions)
        self.denied.update(other.denied)
        self.unanswered.update(other.unanswered)


class Aws:
    """A connection. Cheap to make: nothing of boto3 is loaded before the first call. Safe to share among threads."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.clock = RegionClock()
        self.meter = CallMeter(lambda: self.clock.speed)
        self.failed_calls = FailedCalls()
        self._lock = threading.RLock()
        self._session: Any = None
        self._clients: dict[str, Any] = {}
        self._region: str | None = target.region
        self._memory_lock = threading.Lock()  # its own: making a client takes long
        self._memory: dict[Hashable, tuple[Any, Recording]] = {}
        self._credentials: RenewableCredentials | None = None
        self._changes = 0  # of the credentials, so far
        self._first: Identity | None = None  # who was calling when the connection was new
        self._closed = threading.Event()

    @property
    def region(self) -> str:
        """The region's name. Raises ConsoleError where none is configured."""
        if self._region is None:
            self._region = "us-east-1" if self.target.is_local else self._boto_session().region_name
        if not self._region:
            raise ConsoleError(
                ErrorKind.INVALID,
                "No region is configured",
                remedy="Name one: --region us-east-1, AWS_DEFAULT_REGION, or the profile's region.",
            )
        return self._region

    def identity(self) -> Identity:
        """Who is calling, asked of STS once. Raises ConsoleError."""

        def ask() -> Identity:
            answer = self.call("sts", "GetCallerIdentity")
            found = understood(answer, lambda: _identity(answer["Account"], answer["Arn"]))
            self._first = self._first or found
            return found

        return self.remember("identity", ask)

    def remember(self, key: Hashable, ask: Callable[[], Value]) -> Value:
        """Ask once for what cannot change while connected; a failure is not remembered.

        A recording has the calls it took, whenever they were made.
        """
        with self._memory_lock:
            known = self._memory.get(key)
        if known is None:
            with self.recording() as recording:
                value = ask()
            with self._memory_lock:
                known = self._memory.setdefault(key, (value, recording))
        elif (outer := _recording.get()) is not None:
            outer.include(known[1])
        return cast(Value, known[0])

    def remembers(self, key: Hashable) -> bool:
        """Whether this has been asked before."""
        with self._memory_lock:
            return key in self._memory

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """Call `operation` by its API name, such as DescribeEndpoint. Raises ConsoleError."""
        if operation == "GetMetricData":
            self.meter.count_metrics(len(parameters.get("MetricDataQueries", ())))
        if f"{service}:{operation}" not in READING_OPERATIONS:
            self._require_same_account()
        recording = _recording.get()
        actions = dict.fromkeys(actions_for(service, operation, parameters)) if recording is not None else {}
        if recording is not None:
            recording.actions.update(actions)
        try:
            answer = self._send(service, operation, parameters)
        except ConsoleError as error:
            if not self._closed.is_set():
                self.failed_calls.note(service, operation, parameters, error, self.clock.now(), self._scope())
            own = list(actions)[:1]
            if recording is not None and error.kind is ErrorKind.DENIED:
                recording.denied.update(dict.fromkeys(own))
            elif recording is not None and error.kind in UNANSWERED:
                recording.unanswered.update(dict.fromkeys(own, error.message))
            raise
        self.failed_calls.succeeded(service, operation, parameters)
        return answer

    def pages(
        self, service: str, operation: str, token: str = "NextToken", **parameters: Any
    ) -> Iterator[dict[str, Any]]:
        """Every page of a listing. A token that comes back twice ends it with an error instead of for ever."""
        seen: set[str] = set()
        for _ in range(MAX_PAGES):
            page = self.call(service, operation, **parameters)
            yield page
            following = page.get(token)
            if not following:
                return
            if following in seen:
                break
            seen.add(following)
            parameters[token] = following
        raise ConsoleError(
            ErrorKind.FAILED,
            "The listing does not end: AWS repeats a page",
            operation=f"{service}:{operation}",
        )

    def accepted(self, service: str, operation: str, answer: Mapping[str, Any]) -> dict[str, Any]:
        """What of a description the operation that makes such a thing takes as its parameters."""
        from botocore import xform_name

        client = self.client(service)
        name = client.meta.method_to_api_mapping[xform_name(operation)]
        members = client.meta.service_model.operation_model(name).input_shape.members
        return {member: value for member, value in answer.items() if member in members}

    def client(self, service: str) -> Any:
        """The shared boto3 client of a service: made under a lock, since making one is not thread-safe."""
        if self._closed.is_set():
            raise ConsoleError(ErrorKind.FAILED, "The connection is closed", remedy="Open the console again.")
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._make_client(service)
            return self._clients[service]

    @property
    def services(self) -> tuple[str, ...]:
        """The services that have been called so far, each by a client of its own."""
        with self._lock:
            return tuple(self._clients)

    def close(self) -> None:
        """Refuse further calls; waits for none."""
        self._closed.set()

    @contextmanager
    def recording(self) -> Iterator[Recording]:
        """Note which IAM actions the calls of this thread need, until the end of the block; recordings nest."""
        outer, recording = _recording.get(), Recording()
        token = _recording.set(recording)
        try:
            yield recording
        finally:
            _recording.reset(token)
            if outer is not None:
                outer.include(recording)

    @contextmanager
    def changing(self, plan_id: str) -> Iterator[None]:
        """Let this thread change AWS: for the plan runner, and nobody else. Raises ConsoleError when read-only."""
        if self.target.read_only:
            raise _read_only()
        token = _plan_in_hand.set(plan_id)
        try:
            yield
        finally:
            _plan_in_hand.reset(token)

    def _send(self, service: str, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        from botocore import xform_name
        from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError

        from cmapss_core.parsing import UnreadableAnswerError

        credentials = self._credentials
        generation = credentials.generation if credentials is not None else 0
        try:
            client = self.client(service)
            answer = getattr(client, xform_name(operation))(**parameters)
        except ClientError as error:
            refusal = from_client_error(error, f"{service}:{operation}")
            if refusal.code == _WITHOUT_A_BODY:
                needed = " or ".join(actions_for(service, operation, parameters))
                refusal = refusal.told_as(f"{needed} is not permitted", refusal.remedy)
            raise self._refused(refusal, generation) from error
        except BotoCoreError as error:
            failure = from_botocore_error(error, f"{service}:{operation}")
            lost = failure.kind is ErrorKind.UNREACHABLE and not isinstance(error, UnreadableAnswerError)
            if lost and self.target.is_local:
                gone = isinstance(error, EndpointConnectionError)
                failure = failure.told_as(failure.message, SANDBOX_GONE if gone else ANSWER_LOST)
            raise self._refused(failure, generation) from error
        self._heed_change()
        model = client.meta.service_model.operation_model(operation)
        return checked(answer, model.output_shape, f"{service}:{operation}")

    def _refused(self, error: ConsoleError, generation: int) -> ConsoleError:
        """The error with the way back where the credentials are to blame; the next call looks for new ones."""
        if error.kind is not ErrorKind.AUTH:
            return error
        if self._credentials is not None:
            self._credentials.refused(generation)
        if error.remedy != REMEDIES[ErrorKind.AUTH]:
            return error
        return error.told_as(error.message, END_OF_FAULTS if self._needs_no_account else way_back(self.target.profile))

    def _heed_change(self) -> None:
        """Forget what was true of other credentials: they may be of another account."""
        credentials = self._credentials
        if credentials is not None and credentials.changes != self._changes:
            with self._memory_lock:
                self._changes = credentials.changes
                self._memory.clear()

    def _require_same_account(self) -> None:
        """Refuse to change another account than the one that everything so far was read from."""
        first = self._first
        if self._changes and first is not None and (now := self.identity().account) != first.account:
            raise ConsoleError(
                ErrorKind.REFUSED,
                f"The credentials are of account {now} now, and this console was opened for {first.account}",
                remedy="Log in to the first one again, or open the console anew.",
            )

    def _scope(self) -> Scope:
        """Where the resources of calls are, as far as that is known."""
        region, first = self._region or EVERYTHING, self._first
        return Scope(region=region) if first is None else Scope(first.arn.split(":")[1], region, first.account)

    @property
    def _needs_no_account(self) -> bool:
        """Whether this is a sandbox that nobody named a profile for."""
        return self.target.is_local and self.target.profile is None

    def _boto_session(self) -> Any:
        import boto3
        from botocore.exceptions import BotoCoreError

        from cmapss_core.renewal import RenewableCredentials, renewing_session, unconfigured_session

        with self._lock:
            if self._session is None:
                try:
                    if self._needs_no_account:
                        self._session = boto3.Session(botocore_session=unconfigured_session())
                    else:
                        credentials = RenewableCredentials(self.target.profile)
                        session = renewing_session(credentials, self.target.profile)
                        self._session = boto3.Session(botocore_session=session, profile_name=self.target.profile)
                        self._credentials = credentials
                except BotoCoreError as error:
                    raise from_botocore_error(error, None) from error
            return self._session

    def _make_client(self, service: str) -> Any:
        from botocore.config import Config

        runtime = service == "sagemaker-runtime"
        config = Config(
            connect_timeout=3,
            # A model may think for sixty seconds; whether to send the same rows again is decided in inference.py.
            read_timeout=70 if runtime else 10,
            retries={"mode": "standard", "total_max_attempts": 1 if runtime else 4},
            max_pool_connections=64 if runtime else 16,
            user_agent_extra="cmapss-console",
            s3={"addressing_style": "path"} if self.target.is_local else None,
        )
        session = self._boto_session()
        keys = {}
        if self._needs_no_account and "AWS_ACCESS_KEY_ID" not in os.environ:
            keys = {"aws_access_key_id": SANDBOX_KEY, "aws_secret_access_key": SANDBOX_KEY}
        client = session.client(
            service,
            region_name=PRICING_REGION if service == "pricing" else self.region,
            endpoint_url=self.target.endpoint_url,
            config=config,
            **keys,
        )
        client.meta.events.register("before-call", self._guard)
        client.meta.events.register("before-send", partial(self._count, service))
        client.meta.events.register("response-received", self._hear)
        return client

    def _guard(self, model: Any, **_: Any) -> None:
        operation = f"{model.service_model.service_name}:{model.name}"
        if operation in READING_OPERATIONS:
            return
        if self.target.read_only:
            raise _read_only()
        if _plan_in_hand.get() is None:
            raise ConsoleError(
                ErrorKind.REFUSED,
                f"{operation} changes AWS, and no plan is being carried out",
                remedy="Changes go through a plan.",
            )

    def _count(self, service: str, **_: Any) -> None:
        self.meter.count(service)

    def _hear(self, response_dict: Mapping[str, Any] | None = None, **_: Any) -> None:
        if response_dict is not None:
            self.meter.note_answer()
            self.clock.hear({str(name).lower(): value for name, value in response_dict["headers"].items()})


def _identity(account: str, arn: str) -> Identity:
    """Who arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION, …:user/NAME or …:root is. Raises LookupError."""
    kind, _, name = arn.split(":", 5)[5].partition("/")
    return Identity(account, arn, name.split("/")[0] or kind)


def _read_only() -> ConsoleError:
    return ConsoleError(
        ErrorKind.REFUSED, "This console is read-only", remedy="Start it without --read-only to change things."
    )
