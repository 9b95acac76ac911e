"""The production variants of an endpoint: instances, weight, and what is left of their cooldowns or is suspended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from textual.content import Content

from cmapss_tui import formats, theme
from cmapss_tui.widgets.panel import Lines, columns

if TYPE_CHECKING:
    from cmapss_core.endpoints import Endpoint, Variant
    from cmapss_core.scaling import ScalableTarget, Scaling, ScalingPolicy

NO_VARIANTS = "none yet"

_TITLES = ("variant", "model", "type", "now", "want", "min–max", "weight", "cooldown")
_RIGHT = (3, 4, 5, 6)
_NARROWEST_MODEL = 12
_ALL_WAYS = 3  # of scaling that can be suspended
_COOLDOWN_WIDTH = len("out 9m12s  in 9m12s")


class VariantTable(Lines):
    """A line for each variant, under a header."""

    def show(self, endpoint: Endpoint, scaling: Scaling | None, now: datetime) -> None:
        """Show these variants, with cooldowns as they stand at `now`, the region's time."""
        if not endpoint.variants:
            self.write(lambda width: [Content.styled(NO_VARIANTS, theme.QUIET)])
        else:
            self.write(lambda width: list(variant_lines(endpoint, scaling, now, width)))


def variant_lines(endpoint: Endpoint, scaling: Scaling | None, now: datetime, width: int) -> Iterator[Content]:
    """The header and the variants; the model's name gives way where it gets narrow."""
    name_width = max(len("variant"), *(len(variant.name) for variant in endpoint.variants))
    type_width = max(len("type"), *(len(variant.instance_type or "") for variant in endpoint.variants))
    widths = [min(name_width, 16), 0, type_width, 3, 4, 7, 6, _COOLDOWN_WIDTH]
    widths[1] = width - sum(widths) - 2 * (len(widths) - 1)
    kept = [place for place in range(len(widths)) if place != 1 or widths[1] >= _NARROWEST_MODEL]
    right = [kept.index(place) for place in _RIGHT]
    yield columns(
        [Content.styled(_TITLES[place], theme.QUIET) for place in kept], [widths[place] for place in kept], right
    )
    for variant in endpoint.variants:
        cells = _cells(variant, scaling, now, widths[1])
        yield columns([cells[place] for place in kept], [widths[place] for place in kept], right)


def cooldown_left(scaling: Scaling, policy: ScalingPolicy, now: datetime) -> tuple[timedelta, timedelta]:
    """What is left of the cooldowns before the next scaling out and in; they start when an activity completes."""
    ended = max(
        (a.ended for a in scaling.activities if a.variant == policy.variant and a.ended and a.status == "Successful"),
        default=None,
    )
    if ended is None:
        return timedelta(0), timedelta(0)
    left = [
        max(timedelta(0), ended + timedelta(seconds=seconds) - now)
        for seconds in (policy.scale_out_cooldown, policy.scale_in_cooldown)
    ]
    return left[0], left[1]


def _cells(variant: Variant, scaling: Scaling | None, now: datetime, model_width: int) -> list[Content | str]:
    target = next((t for t in (scaling.targets if scaling else ()) if t.variant == variant.name), None)
    moving = variant.current_instances != variant.desired_instances
    return [
        variant.name,
        formats.middle_elided(variant.model or formats.NOTHING, max(model_width, 1)),
        variant.instance_type or formats.NOTHING,
        str(variant.current_instances),
        Content.styled(str(variant.desired_instances), theme.ACCENT if moving else ""),
        f"{target.min}–{target.max}" if target else formats.NOTHING,
        formats.number(variant.weight, 3),
        _cooldown(variant, target, scaling, now),
    ]


def _cooldown(variant: Variant, target: ScalableTarget | None, scaling: Scaling | None, now: datetime) -> Content | str:
    """What is left of the cooldowns, or which ways of scaling are suspended: then they matter no more."""
    policy = next((p for p in (scaling.policies if scaling else ()) if p.variant == variant.name), None)
    if target is not None and target.suspended:
        ways = "" if len(target.suspended) == _ALL_WAYS else f" {', '.join(target.suspended)}"
        return Content.styled(f"suspended{ways}", theme.WARN)
    if scaling is None or policy is None:
        return formats.NOTHING
    out, into = (
        formats.duration(left.total_seconds()) if left else formats.NOTHING
        for left in cooldown_left(scaling, policy, now)
    )
    return Content.assemble(("out ", theme.QUIET), out, ("  in ", theme.QUIET), into)
