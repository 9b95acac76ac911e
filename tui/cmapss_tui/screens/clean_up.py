"""Clean the region up: what deployments left behind and what it costs, and the plan that removes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.content import Content

from cmapss_tui import formats, theme
from cmapss_tui.actions import Safety
from cmapss_tui.arguments import duration, positive_integer
from cmapss_tui.screens.planning import PlanScreen
from cmapss_tui.widgets.form import Field
from cmapss_tui.widgets.panel import Lines, Scrolled, columns
from cmapss_tui.widgets.plan_view import PlanView

if TYPE_CHECKING:
    from cmapss_core.plans.plan import Plan
    from cmapss_core.plans.removing.leftovers import Finding

DAY_SECONDS = 86_400
_WIDTHS = (1, 15, 6, 11)  # of what is beside the name: mark, kind, age, cost


class CleanUpScreen(PlanScreen):
    """The clean-up of the region. Where an endpoint goes, the region's name has to be typed."""

    AREA = "endpoints"
    ACTION = "endpoints.clean_up"
    CONFIRM = "Clean up"
    NOTHING_DONE = "Nothing was deleted."
    NOTHING_TO_DO = "There is nothing to remove."
    FLAGS: ClassVar[Mapping[str, str]] = {"--all": "others' too"}
    TYPED: ClassVar[tuple[str, str]] = ("type the region", "the region's name, as above")
    DEFAULT_CSS = """
    CleanUpScreen #findings-scroll { height: auto; max-height: 40%; padding: 0 1; margin: 0 0 1 0; }
    CleanUpScreen.-short #findings-scroll { max-height: 30%; margin: 0; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._found: dict[str, tuple[Finding, ...]] = {}

    def heading(self) -> str:
        """Which region."""
        return f"Clean up {self.aws.region}"

    def form(self) -> ComposeResult:
        """How much of what is found goes."""
        yield Field("others' too", "everything", False, hint="also what the console did not make")
        yield Field("older than", "older-than", "1h", hint="what is younger stays: 30m, 1h, 24h")
        yield Field("idle endpoints", "idle", False, hint="that nobody has called")
        yield Field("days", "days", "14", hint="without a call")

    def findings(self) -> ComposeResult:
        """What was found, above the plan."""
        with Scrolled(id="findings-scroll"):
            yield Lines(id="findings")

    def on_mount(self) -> None:
        self.field("days").count(False)

    def changed(self, field: str | None) -> None:
        """The days count where idle endpoints go."""
        self.field("days").count(self.field("idle").checked)
        super().changed(field)

    def safety(self, plan: Plan | None) -> Safety:
        """An endpoint is deleted only by who types something."""
        found = self._found.get(plan.id, ()) if plan is not None else ()
        if any(finding.kind == "endpoint" and finding.goes for finding in found):
            return Safety.TYPE_NAME
        return super().safety(plan)

    def name_to_type(self) -> str:
        """The region's."""
        return self.aws.region

    def planner(self) -> Callable[[], Plan] | None:
        """Look for what is left behind, and plan its removal."""
        from cmapss_core.plans.clean_up import CleanUpRequest, survey

        idle = self.field("idle").checked
        days = self.field("days").parsed(positive_integer) if idle else None
        seconds = self.field("older-than").parsed(duration)
        if seconds is None or (idle and days is None):
            return None
        request = CleanUpRequest(
            everything=self.field("everything").checked, idle_days=days, older_than_days=seconds / DAY_SECONDS
        )

        def plan() -> Plan:
            found = survey(self.aws, request)
            self._found[found.plan.id] = found.findings
            return found.plan

        return plan

    def show_plan(self, plan: Plan) -> None:
        """The findings above the plan."""
        super().show_plan(plan)
        now = self.aws.clock.now()
        if not plan.steps:
            words = self._nothing(self._found.get(plan.id, ()), now)
            self.query_one(PlanView).show_text(" ".join((words, *map(self.worded, plan.notes))), theme.GOOD)
        found = [
            replace(finding, kept_because=finding.kept_because and self.worded(finding.kept_because))
            for finding in self._found.get(plan.id, ())
        ]
        self.query_one("#findings", Lines).write(lambda width: list(finding_lines(found, now, width)))

    def _nothing(self, found: Sequence[Finding], now: datetime) -> str:
        """What to say where nothing is removed: whether that is because nothing is left, or nothing old enough."""
        from cmapss_core.plans.clean_up import counted

        if not found:
            return "Nothing is left behind."
        oldest = self.field("older-than")
        seconds = oldest.parsed(duration) or 0.0
        young = [one for one in found if one.since is not None and (now - one.since).total_seconds() < seconds]
        nothing = f"Nothing older than {oldest.value} is left behind." if young == list(found) else self.NOTHING_TO_DO
        alone = f"{len(young)} younger thing{'s are' if len(young) > 1 else ' is'} left alone: {counted(young)}."
        return f"{nothing} {alone}" if young else nothing


def finding_lines(findings: Sequence[Finding], now: datetime, width: int) -> Iterator[Content]:
    """What goes first: kind, name, age and cost, and beside or below that why it is left or why it stays."""
    if not findings:
        return
    name_width = min(max(len(finding.name) for finding in findings), width - sum(_WIDTHS) - 2 * len(_WIDTHS))
    ordered = sorted(findings, key=lambda finding: not finding.goes)
    lines = [(_finding_line(finding, now, name_width), _why(finding)) for finding in ordered]
    beside = all(line.cell_length + 2 + why.cell_length <= width for line, why in lines)
    for line, why in lines:
        if beside:
            yield line + Content("  ") + why
        else:
            yield line
            yield (Content("   ") + why).truncate(width, ellipsis=True)


def _finding_line(finding: Finding, now: datetime, name_width: int) -> Content:
    glyph, style = ("−", theme.WARN) if finding.goes else ("·", theme.QUIET)
    name = formats.middle_elided(finding.name, name_width)
    age = "" if finding.since is None else formats.age((now - finding.since).total_seconds())
    cells: list[Content | str] = [
        Content.styled(glyph, style),
        finding.kind,
        Content.styled(name, "bold" if finding.goes else theme.QUIET),
        Content.styled(age, theme.QUIET),
        "" if finding.hourly_cost_usd == 0 else formats.hourly_cost(finding.hourly_cost_usd),
    ]
    return columns(cells, [*_WIDTHS[:2], name_width, *_WIDTHS[2:]], right=(3, 4))


def _why(finding: Finding) -> Content:
    return Content.styled(finding.why if finding.goes else f"stays: {finding.kept_because}", theme.QUIET)
