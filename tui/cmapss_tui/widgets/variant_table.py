"""The production variants of an endpoint: instances, weight, and what is left of their cooldowns or is suspended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from textual.content import Content

from cmapss_tui import formats, theme
from cmapss_tui.widgets.panel import Lines, columns

if TYPE_CHECKING:
    from cmapss_core.endpoints import Endpoint, Variant
    from cmapss_core.scaling import Scaling
    from cmapss_core.scaling_scene import Scene

NO_VARIANTS = "none yet"

_TITLES = ("variant", "model", "type", "now", "want", "min–max", "weight", "cooldown")
_RIGHT = (3, 4, 5, 6)
_NARROWEST_MODEL = 12
_ALL_WAYS = 3  # of scaling that can be suspended
_SCHEDULED = 3  # actions to come that are shown
_COOLDOWN_WIDTH = len("out 9m12s  in 9m12s")


class VariantTable(Lines):
    """A line for each variant, under a header, and what is to come by schedule."""

    def show(self, endpoint: Endpoint, scaling: Scaling | None, now: datetime) -> None:
        """Show these variants, with cooldowns as they stand at `now`, the region's time."""
        if not endpoint.variants:
            self.write(lambda width: [Content.styled(NO_VARIANTS, theme.QUIET)])
        else:
            self.write(
                lambda width: [*variant_lines(endpoint, scaling, now, width), *schedule_lines(scaling, now, width)]
            )


def variant_lines(endpoint: Endpoint, scaling: Scaling | None, now: datetime, width: int) -> Iterator[Content]:
    """The header and the variants; the model's name gives way where it gets narrow."""
    name_width = max(len("variant"), *(len(variant.name) for variant in endpoint.variants))
    type_width = max(len("type"), *(len(variant.instance_type or "") for variant in endpoint.variants))
    left = cooldowns(endpoint, scaling, now)
    # As wide as any may become, where there are any: what counts down is not to move the rest.
    cooldown_width = _COOLDOWN_WIDTH if left else len("cooldown")
    widths = [min(name_width, 16), 0, type_width, 3, 4, 7, 6, cooldown_width]
    widths[1] = width - sum(widths) - 2 * (len(widths) - 1)
    kept = [place for place in range(len(widths)) if place != 1 or widths[1] >= _NARROWEST_MODEL]
    right = [kept.index(place) for place in _RIGHT]
    yield columns(
        [Content.styled(_TITLES[place], theme.QUIET) for place in kept], [widths[place] for place in kept], right
    )
    for variant in endpoint.variants:
        cells = _cells(variant, scaling, left.get(variant.name, formats.NOTHING), widths[0], widths[1])
        yield columns([cells[place] for place in kept], [widths[place] for place in kept], right)


def schedule_lines(scaling: Scaling | None, now: datetime, width: int) -> Iterator[Content]:
    """What each scheduled action sets next, and in how long, the soonest first."""
    actions = scaling.scheduled_actions if scaling else ()
    coming = sorted(((due, a) for a in actions if (due := a.next_due(now))), key=lambda pair: pair[0])
    suspended = {target.variant for target in (scaling.targets if scaling else ()) if "scheduled" in target.suspended}
    for due, action in coming[:_SCHEDULED]:
        bounds = f"{formats.NOTHING if action.min is None else action.min}–{action.max or formats.NOTHING}"
        held = " (suspended)" if action.variant in suspended else ""
        in_time = formats.duration((due - now).total_seconds())
        yield Content.assemble(
            ("by schedule ", theme.QUIET), f"{action.name} sets {bounds} at {due:%m-%d %H:%M}, in {in_time}{held}"
        ).truncate(width, ellipsis=True)


def cooldowns(endpoint: Endpoint, scaling: Scaling | None, now: datetime) -> dict[str, Content]:
    """What is left of the cooldowns of each scaled variant, or which ways of scaling are suspended: then they matter
    no more."""
    from cmapss_core.scaling_scene import scenes

    if scaling is None:
        return {}
    return {scene.variant.name: _cooldown(scene) for scene in scenes(endpoint, scaling, None, now)}


def _cells(
    variant: Variant, scaling: Scaling | None, cooldown: Content | str, name_width: int, model_width: int
) -> list[Content | str]:
    target = next((t for t in (scaling.targets if scaling else ()) if t.variant == variant.name), None)
    moving = variant.current_instances != variant.desired_instances
    return [
        formats.middle_elided(variant.name, name_width),
        formats.middle_elided(variant.model or formats.NOTHING, max(model_width, 1)),
        variant.instance_type or formats.NOTHING,
        str(variant.current_instances),
        Content.styled(str(variant.desired_instances), theme.ACCENT if moving else ""),
        f"{target.min}–{target.max}" if target else formats.NOTHING,
        formats.number(variant.weight, 3),
        cooldown,
    ]


def _cooldown(scene: Scene) -> Content:
    if scene.target.suspended:
        ways = "" if len(scene.target.suspended) == _ALL_WAYS else f" {', '.join(scene.target.suspended)}"
        return Content.styled(f"suspended{ways}", theme.WARN)
    policy = scene.tracking or next(iter(scene.stepping), None)
    if policy is None:
        return Content(formats.NOTHING)
    out = _left(scene, policy.scale_out_cooldown, inward=False)
    into = "never" if policy.disable_scale_in else _left(scene, policy.scale_in_cooldown, inward=True)
    return Content.assemble(("out ", theme.QUIET), out, ("  in ", theme.QUIET), into)


def _left(scene: Scene, seconds: int, *, inward: bool) -> str:
    ready = scene.cooldown_end(seconds, inward=inward)
    return formats.NOTHING if ready is None else formats.duration((ready - scene.now).total_seconds())
