"""What the screen of an endpoint reads, how often, and what it remembers from one reading to the next."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.snapshots import Snapshot
from cmapss_tui.screens.endpoint_view import View

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cmapss_core.alarm_history import AlarmStates
    from cmapss_core.aws import Aws
    from cmapss_core.endpoints import Endpoint
    from cmapss_core.instance_counts import KnownCount
    from cmapss_core.metrics import Metrics
    from cmapss_core.rollout import Rollout
    from cmapss_core.scaling import Alarm
    from cmapss_core.watch import Watch
    from cmapss_tui.operations.past_counts import PastCounts
    from cmapss_tui.operations.past_rollouts import PastRollout, PastRollouts
    from cmapss_tui.widgets.chart_scale import TimeAxis

FAST_REGION_SECONDS, SLOW_REGION_SECONDS = 15.0, 60.0
FASTEST_SECONDS, SLOW_SECONDS = 1.0, (2.0, 60.0)
RECENT_MINUTES = 30  # that the explanation looks at
MOST_BY_THE_MINUTE = 180  # of them are asked for one by one
_LATE = timedelta(minutes=3)  # of CloudWatch
_ASK_AGAIN = timedelta(minutes=10)  # for what was denied


_Stages = tuple[tuple[datetime, str], ...]


@dataclass(frozen=True, slots=True)
class SeenRollout:
    """A roll-out as it was seen from here: `stages` are times and AWS's names; `ended` is None while it goes on.

    One that the journal tells of has no stages: nobody saw them.
    """

    config: str
    started: datetime
    stages: _Stages = ()
    ended: datetime | None = None
    taken_back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointReading(Snapshot):
    """A watch, the metrics of the view, the states of the alarms, and what the instances asked for will cost an hour.

    `counts` are the numbers of instances that were read or asked for from here.
    None is what could not be read; `failures` has why, by the name of the field.
    """

    watch: Watch
    view: View = field(default_factory=View)
    metrics: Metrics | None = None
    metrics_as_of: datetime | None = None
    alarm_states: tuple[AlarmStates, ...] | None = None
    rollouts: tuple[SeenRollout, ...] = ()
    counts: tuple[KnownCount, ...] = ()
    hourly_cost_usd_desired: float | None = None
    failures: Mapping[str, ConsoleError] = field(default_factory=dict)


class EndpointReader:
    """Reads an endpoint for its screen, one reading at a time, and asks again only for what may have changed.

    Metrics by the minute are asked for once a minute, those of a stretch that is over once; the history of an alarm
    when its state has changed.
    """

    def __init__(self, aws: Aws, name: str) -> None:
        self._aws = aws
        self._name = name
        self._recent: _Dated | None = None
        self._stretch: _Dated | None = None
        self._states: dict[str, _KnownStates] = {}
        self._denied: tuple[datetime, ConsoleError] | None = None
        self._rollouts = aws.remember(("roll-outs seen", name), _SeenRollouts)
        self._counts = aws.remember(("instances seen", name), _SeenCounts)
        self._past: tuple[PastRollouts, PastCounts] | None = None

    def read(self, view: View) -> EndpointReading:
        """One reading of the endpoint; never raises."""
        from cmapss_core.watch import read_watch

        now = self._aws.clock.now()
        axis = view.axis(now)
        # The minutes that the explanation needs and those that are drawn are then one question.
        same = view.until is None and period_minutes(axis) == 1
        minutes = max(RECENT_MINUTES, axis.minutes) if same else RECENT_MINUTES
        known = self._recent if self._recent is not None and self._recent.answers(minutes, now) else None
        watch = read_watch(self._aws, self._name, minutes, known.metrics if known else None)
        if known is None and watch.metrics is not None:
            known = self._recent = _Dated(minutes, watch.as_of, watch.metrics)
        failures = dict(watch.failures)
        drawn = known if same else self._drawn(watch, axis, failures)
        past_rollouts, past_counts = self._journalled()
        return EndpointReading(
            as_of=watch.as_of,
            source=watch.source,
            error=watch.error or failures.get("metrics"),
            watch=watch,
            view=view,
            metrics=drawn.metrics if drawn else None,
            metrics_as_of=drawn.as_of if drawn else None,
            alarm_states=self._alarm_states(watch, axis, failures),
            rollouts=with_past(self._rollouts.after(watch), past_rollouts, watch.endpoint),
            counts=(*past_counts, *self._counts.after(watch)),
            hourly_cost_usd_desired=self._cost(watch),
            failures=failures,
        )

    def forget(self) -> None:
        """Ask for everything at the next reading."""
        self._recent = self._stretch = self._denied = None
        self._states = {}

    def _drawn(self, watch: Watch, axis: TimeAxis, failures: dict[str, ConsoleError]) -> _Dated | None:
        """The metrics of the view where those by the minute are not it."""
        from cmapss_core.metrics import read_metrics_between

        period = period_minutes(axis)
        key, now = (axis.start, axis.end, period), self._aws.clock.now()
        end = min(axis.end, now.replace(second=0, microsecond=0))
        if watch.endpoint is None or end <= axis.start:
            return None
        if self._stretch is not None and self._stretch.answers(key, now):
            return self._stretch
        over = axis.end <= now - _LATE
        try:
            metrics = read_metrics_between(self._aws, watch.endpoint, axis.start, end, period * 60)
        except ConsoleError as error:
            failures["metrics"] = error
            return None
        self._stretch = _Dated(key, now, metrics, over=over)
        return self._stretch

    def _alarm_states(
        self, watch: Watch, axis: TimeAxis, failures: dict[str, ConsoleError]
    ) -> tuple[AlarmStates, ...] | None:
        if watch.scaling is None:
            return None
        if self._denied is not None and watch.as_of - self._denied[0] < _ASK_AGAIN:
            failures["alarm_states"] = self._denied[1]
            return None
        try:
            return tuple(self._states_of(alarm, axis.start) for alarm in watch.scaling.alarms)
        except ConsoleError as error:
            failures["alarm_states"] = error
            self._denied = (watch.as_of, error) if error.kind is ErrorKind.DENIED else None
            return None

    def _states_of(self, alarm: Alarm, start: datetime) -> AlarmStates:
        from cmapss_core.alarm_history import read_alarm_states

        known = self._states.get(alarm.name)
        if known is None or start < known.start or (alarm.state, alarm.updated) != known.signature:
            states = read_alarm_states(self._aws, alarm, start)
            known = self._states[alarm.name] = _KnownStates(start, (alarm.state, alarm.updated), states)
        return known.states

    def _journalled(self) -> tuple[tuple[PastRollout, ...], tuple[KnownCount, ...]]:
        """What the journal has, once it is known whose account this is."""
        if self._past is None and self._aws.remembers("identity"):
            from cmapss_tui.operations.journal import default_journal
            from cmapss_tui.operations.past_counts import PastCounts
            from cmapss_tui.operations.past_rollouts import PastRollouts

            journal, whose = default_journal(), (self._name, self._aws.identity().account, self._aws.region)
            self._past = PastRollouts(journal, *whose), PastCounts(journal, *whose)
        return (self._past[0].read(), self._past[1].read()) if self._past is not None else ((), ())

    def _cost(self, watch: Watch) -> float | None:
        from cmapss_core.pricing import hourly_cost

        if watch.endpoint is None:
            return None
        try:
            return hourly_cost(self._aws, [(v.instance_type, v.desired_instances) for v in watch.endpoint.variants])
        except ConsoleError:
            return None  # a price is an extra, and asked for again at the next reading


@dataclass(frozen=True, slots=True)
class _Dated:
    """Metrics, what was asked for, and when. `over`: nothing of that stretch changes any more."""

    asked: object
    read_at: datetime
    metrics: Metrics
    over: bool = False

    @property
    def as_of(self) -> datetime:
        return self.read_at

    def answers(self, asked: object, now: datetime) -> bool:
        """Whether the same question would have the same answer: within the minute, since CloudWatch has minutes."""
        same_minute = self.read_at.replace(second=0, microsecond=0) == now.replace(second=0, microsecond=0)
        return self.asked == asked and (self.over or same_minute)


@dataclass(frozen=True, slots=True)
class _KnownStates:
    start: datetime
    signature: tuple[str, datetime | None]
    states: AlarmStates


@dataclass(slots=True)
class _SeenRollouts:
    """The roll-outs of an endpoint since the console was opened; AWS tells of none but the one under way."""

    rollouts: tuple[SeenRollout, ...] = ()

    def after(self, watch: Watch) -> tuple[SeenRollout, ...]:
        """Those that were seen, with what this reading tells."""
        if watch.endpoint is not None:
            self.rollouts = with_rollout(self.rollouts, watch.endpoint, watch.as_of)
        return self.rollouts


@dataclass(slots=True)
class _SeenCounts:
    """The numbers of instances of an endpoint that were read since the console was opened."""

    counts: tuple[KnownCount, ...] = ()

    def after(self, watch: Watch) -> tuple[KnownCount, ...]:
        """Those that were read, with what this reading tells."""
        from cmapss_core.instance_counts import counts_told, with_counts

        if watch.endpoint is not None:
            self.counts = with_counts(self.counts, counts_told(watch.endpoint, watch.as_of))
        return self.counts


def with_rollout(seen: tuple[SeenRollout, ...], endpoint: Endpoint, now: datetime) -> tuple[SeenRollout, ...]:
    """Roll-outs after one more look: the last one goes on, has ended, or another has begun."""
    rollout = endpoint.rollout
    last = seen[-1] if seen and seen[-1].ended is None else None
    if last is not None and (rollout is None or rollout.config != last.config):
        taken_back = endpoint.config != last.config
        seen, last = (*seen[:-1], replace(last, ended=now, taken_back=taken_back)), None
    if rollout is None or rollout.former_config is None:
        return seen
    if last is None:
        last = SeenRollout(rollout.config, rollout.started or now)
    else:
        seen = seen[:-1]
    return (*seen, replace(last, stages=_stages(last.stages, rollout, now)))


def with_past(
    seen: tuple[SeenRollout, ...], past: Iterable[PastRollout], endpoint: Endpoint | None
) -> tuple[SeenRollout, ...]:
    """The roll-outs that were seen, and before them those that are only known of; none of an endpoint before this."""
    if endpoint is None:
        return seen
    known = [
        SeenRollout(one.config, one.started, ended=one.ended, taken_back=one.taken_back)
        for one in past
        if one.started >= endpoint.created and not any(_is_the_same(one, other) for other in seen)
    ]
    return tuple(sorted((*known, *seen), key=lambda rollout: rollout.started))


def _is_the_same(past: PastRollout, seen: SeenRollout) -> bool:
    over = seen.ended is not None and seen.ended < past.started
    return past.config == seen.config and seen.started <= past.ended and not over


def _stages(
    known: tuple[tuple[datetime, str], ...], rollout: Rollout, now: datetime
) -> tuple[tuple[datetime, str], ...]:
    stage = rollout.stage
    if stage is None or (known and known[-1][1] == stage):
        return known
    since = next((variant.since for variant in rollout.variants if variant.stage == stage), None)
    return (*known, (since or now, stage))


def period_minutes(axis: TimeAxis) -> int:
    """The minutes of which CloudWatch is asked for one value each: where they are few, as fine as it has them, so that
    a bar of several is as high as the highest of them."""
    return axis.finest if axis.minutes <= MOST_BY_THE_MINUTE * axis.finest else axis.minutes_per_slot


def reading_interval(reading: EndpointReading | None, speed: float) -> float:
    """Seconds of this machine until the next reading: often while anything moves, else once a region minute."""
    if reading is None or moving(reading.watch):
        return max(FASTEST_SECONDS, FAST_REGION_SECONDS / speed)
    return min(max(SLOW_SECONDS[0], SLOW_REGION_SECONDS / speed), SLOW_SECONDS[1])


def moving(watch: Watch) -> bool:
    """Whether instances come or go, or the status is about to change."""
    endpoint, scaling = watch.endpoint, watch.scaling
    if endpoint is None:
        return False
    return (
        endpoint.in_progress
        or endpoint.current_instances != endpoint.desired_instances
        or any(activity.running for activity in (scaling.activities if scaling else ()))
    )
