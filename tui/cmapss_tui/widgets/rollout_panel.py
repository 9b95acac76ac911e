"""A roll-out while it is under way: which fleet takes over from which, at which stage, and what would take it back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from textual.content import Content

from cmapss_tui import formats, theme
from cmapss_tui.widgets.panel import Lines, columns
from cmapss_tui.widgets.plan_view import paragraph

if TYPE_CHECKING:
    from cmapss_core.endpoints import Endpoint
    from cmapss_core.rollout import Rollout, VariantRollout

# AWS's stages of a variant's roll-out, as they go on.
_STAGES = {
    "Creating": "creating instances",
    "Updating": "updating",
    "ActivatingTraffic": "shifting traffic",
    "Baking": "baking",
    "Deleting": "deleting the old fleet",
}
_SERVING = frozenset({"InService", "UpdateRollbackFailed"})
_COUNTS = 34  # columns from which the counts of a variant have room beside its stage


class RolloutPanel(Lines):
    """What goes on, or how the last roll-out ended."""

    def show(self, endpoint: Endpoint, ended: Rollout | None, now: datetime) -> None:
        """Show the roll-out that is under way, else how one ended: `ended` is the last that was seen here."""
        self.write(lambda width: list(rollout_lines(endpoint, ended, now, width)))


def rolled_back_because(endpoint: Endpoint) -> str | None:
    """Why what serves is not what was rolled out last: AWS leaves the reason on an endpoint that serves again."""
    return endpoint.failure_reason if endpoint.status in _SERVING and endpoint.rollout is None else None


def tells(endpoint: Endpoint, ended: Rollout | None) -> bool:
    """Whether there is a roll-out to tell of."""
    return endpoint.rollout is not None or ended is not None or rolled_back_because(endpoint) is not None


def rollout_lines(endpoint: Endpoint, ended: Rollout | None, now: datetime, width: int) -> Iterator[Content]:
    """The roll-out under way, or the end of the last."""
    rollout, reason = endpoint.rollout, rolled_back_because(endpoint)
    if rollout is not None:
        yield from _under_way(rollout, endpoint, now, width)
    elif reason is not None:
        end = "could not be taken back" if endpoint.status == "UpdateRollbackFailed" else "was taken back"
        yield from paragraph(f"✕ the last change {end}: {reason}", width, theme.BAD)
    elif ended is not None and ended.config == endpoint.config:
        yield from paragraph(f"● {ended.config} is rolled out", width, theme.GOOD)
    elif ended is not None:
        yield from paragraph(f"⚠ {ended.config} is not in service: {endpoint.config} is", width, theme.WARN)


def _under_way(rollout: Rollout, endpoint: Endpoint, now: datetime, width: int) -> Iterator[Content]:
    rolling_back = endpoint.status == "RollingBack"
    words = f"rolling back to {rollout.former_config or endpoint.config}" if rolling_back else rollout.strategy
    spent = "" if rollout.started is None else f" for {formats.duration((now - rollout.started).total_seconds())}"
    style = theme.WARN if rolling_back else theme.BUSY
    head = Content.assemble((f"◐ {words}", style), (spent, theme.QUIET))
    yield from _with_configs(head, rollout, width)
    for variant in rollout.variants:
        yield _variant_line(variant, endpoint, now, width)
    yield from _alarm_lines(rollout, endpoint, width)


def _with_configs(head: Content, rollout: Rollout, width: int) -> Iterator[Content]:
    """Both configs, on the head's line or below it."""
    configs = [name for name in (rollout.former_config, rollout.config) if name is not None]
    beside = Content(f"   {' → '.join(configs)}")
    if head.cell_length + beside.cell_length <= width:
        yield head + beside
        return
    each = (width - 3 * (len(configs) - 1)) // len(configs)
    yield head
    yield Content(" → ".join(formats.middle_elided(name, each) for name in configs))


def _alarm_lines(rollout: Rollout, endpoint: Endpoint, width: int) -> Iterator[Content]:
    """What rolls it back by itself; the alarm that is only there to stop it by hand is none of these."""
    from cmapss_core.belongings import ALARM_PREFIX

    watching = [name for name in rollout.alarms if not name.startswith(f"{ALARM_PREFIX}{endpoint.name}-stop-")]
    if watching:
        names = ", ".join(name.removeprefix(f"{ALARM_PREFIX}{endpoint.name}-") for name in watching)
        yield Content.styled(f"rolls back on {names}", theme.QUIET).truncate(width, ellipsis=True)
    elif rollout.former_config is not None:
        yield Content.styled("⚠ no alarm would roll it back by itself", theme.WARN)


def _variant_line(variant: VariantRollout, endpoint: Endpoint, now: datetime, width: int) -> Content:
    """Name, counts of both fleets, and the stage with how long it lasts and AWS's words on it."""
    former = next((one for one in endpoint.variants if one.name == variant.name), None)
    replaces = former is not None and endpoint.status != "Creating"
    changes = former is None or not replaces or former.instance_type != variant.instance_type
    new, old = variant.instance_type if changes else None, former.instance_type if former and changes else None
    counts = f"new {variant.current_instances} of {variant.desired_instances}{_of(new)}"
    if former is not None and replaces:
        counts = f"old {former.current_instances}{_of(old)} → {counts}"
    stage = _STAGES.get(variant.stage, variant.stage) if variant.stage else "waiting"
    lasting = "" if variant.since is None else f" {formats.duration((now - variant.since).total_seconds())}"
    said = f"  {variant.message}" if variant.message else ""
    name_width = min(16, len(variant.name))
    counts_width = min(max(len(counts), 1), max(width - name_width - _COUNTS, 1))
    rest = max(1, width - name_width - counts_width - 4)
    words = Content.assemble((stage, theme.BUSY), lasting, (said, theme.QUIET))
    return columns([variant.name, counts, words], [name_width, counts_width, rest])


def _of(instance_type: str | None) -> str:
    return f" × {instance_type}" if instance_type else ""
