"""A training job in words: the few lines beside the list, and the groups of its own screen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from textual.content import Content

from cmapss_core.endpoints import STATUS_GLYPHS
from cmapss_core.job_description import UNDER_WAY, TrainingJobDescription
from cmapss_core.job_records import ENDED
from cmapss_core.jobs import TrainingJob
from cmapss_tui import formats, theme
from cmapss_tui.folding import folded
from cmapss_tui.jobs.parameters import parameters
from cmapss_tui.jobs.rows import status

LABEL_WIDTH = 9
INDENT, WIDE_LABEL = 2, 18
STAGE_WIDTH = 12  # of the bar of the longest stage

SYNTHETIC = "synthetic (like C-MAPSS, not NASA's data)"

Fact = tuple[str, Content]


def summary(job: TrainingJob, check: Content | None, width: int) -> list[Content]:
    """The job on a few lines of `width` columns; `check` is what AWS says of its rank. What matters least is last."""
    room = max(1, width - LABEL_WIDTH)
    facts: list[Fact] = []
    if job.failure_reason:
        facts.append(("failed", Content.styled(job.failure_reason, theme.BAD)))
    metrics = _pairs(((name, formats.objective(value)) for name, value in sorted(job.metrics.items())), room)
    if job.data == "synthetic":
        facts.append(("data", _data(job)))
    facts += [
        ("model", Content(formats.middle_elided(job.model_artifact or formats.NOTHING, room))),
        ("image", _image(job)),
        ("metrics", metrics[0]),
        ("trained", _times(job)),
    ]
    given = _pairs(parameters(job.hyperparameters), room)
    facts += [("" if position else "params", line) for position, line in enumerate(given)]
    head = Content.styled(formats.middle_elided(job.name, width), "bold")
    checks = [check] if check is not None else []
    return [head, *checks, *(_line(label, value) for label, value in facts)]


def about(
    job: TrainingJob,
    check: Content | None,
    *,
    rank: int | None = None,
    described: TrainingJobDescription | None = None,
    now: datetime | None = None,
) -> dict[str, list[Fact]]:
    """What the job is and how it went, by heading; `now` is for how long its present stage has lasted."""
    facts: list[Fact] = [("status", status(job.status))]
    if job.secondary_status and job.secondary_status != job.status:
        facts.append(("", Content(job.secondary_status)))
    if job.failure_reason:
        facts.append(("failed", Content.styled(job.failure_reason, theme.BAD)))
    if job.tuning_job is not None:
        facts.append(("tuning job", Content(job.tuning_job)))
    if job.objective_metric is not None:
        aim = f"  {job.objective_type.lower()}" if job.objective_type else ""
        value = formats.objective(job.objective_value)
        facts.append(("objective", Content.assemble((value, "bold"), f"  {job.objective_metric}", (aim, theme.QUIET))))
    if rank is not None:
        facts.append(("rank", Content(formats.count(rank))))
    if check is not None:
        facts.append(("", check))
    if described is not None and described.serving is not None:
        facts += _serving(described)
    times: list[Fact] = [
        ("created", Content(formats.moment(job.created))),
        ("ended", Content(formats.moment(job.ended))),
        ("took", Content(formats.duration(job.duration_seconds))),
    ]
    if described is not None and described.billable_seconds is not None:
        times.append(("billed", _billed(described)))
    if described is not None and described.max_runtime_seconds is not None:
        times.append(("at most", Content(formats.duration(described.max_runtime_seconds))))
    return {
        "Training job": facts,
        "Times": times,
        "Timeline": _timeline(described, now) if described is not None else [],
        "What it made, and of what": [
            ("model", Content(job.model_artifact or formats.NOTHING)),
            ("image", Content(job.image or formats.NOTHING)),
            ("instance", _instance(job, described)),
            ("role", Content(job.role_arn or formats.NOTHING)),
            ("data", _data(job)),
        ],
        "Inputs and output": _inputs(described) if described is not None else [],
    }


def made_with(job: TrainingJob) -> dict[str, list[Fact]]:
    """What went into the job and what came out of it in numbers, by heading."""
    return {
        "Final metrics": [(name, Content(formats.objective(value))) for name, value in sorted(job.metrics.items())],
        "Hyper-parameters": [(name, Content(text)) for name, text in parameters(job.hyperparameters, digits=None)],
    }


def _timeline(described: TrainingJobDescription, now: datetime | None) -> list[Fact]:
    """Each stage with when it began and how long it lasted; the bar is its share of all."""
    seconds = [((stage.ended or now or stage.started) - stage.started).total_seconds() for stage in described.stages]
    longest = max([1.0, *seconds])
    lines = []
    for stage, lasted in zip(described.stages, seconds, strict=True):
        going_on = stage.ended is None and described.job.status in UNDER_WAY
        passing = stage.status in ENDED  # a stage that is an end lasts no time
        length = "" if passing else formats.duration(max(0.0, lasted))
        bar = "" if passing else _bar(int(lasted) / longest)
        lines.append(
            (
                stage.status,
                Content.assemble(
                    (f"{formats.time_of_day(stage.started)} {length:>7}  ", ""),
                    (bar, theme.BUSY if going_on else theme.QUIET),
                    (" ◐ " if going_on else "  ", theme.BUSY),
                    (stage.message, theme.QUIET),
                ),
            )
        )
    return lines


def _bar(share: float) -> str:
    """A part of the longest bar, in halves of a column; what took no second has none."""
    if share <= 0:
        return ""
    whole, half = divmod(max(1, round(share * STAGE_WIDTH * 2)), 2)
    return "━" * whole + "╸" * half


def _serving(described: TrainingJobDescription) -> list[Fact]:
    if not described.serving:
        return [("serving", Content.styled("on no endpoint", theme.QUIET))]
    return [
        (
            "" if place else "serving",
            Content.assemble(
                (f"{STATUS_GLYPHS.get(one.status, '?')} {one.status}", theme.status_style(one.status)),
                f"  {one.endpoint}",
            ),
        )
        for place, one in enumerate(described.serving)
    ]


def _data(job: TrainingJob) -> Content:
    if job.data == "synthetic":
        return Content.styled(SYNTHETIC, theme.WARN)
    return Content(job.data or formats.NOTHING)


def _billed(described: TrainingJobDescription) -> Content:
    cost = "" if described.cost_usd is None else f"   {formats.money(described.cost_usd)} on demand"
    spot = "   spot: less than on demand" if described.spot else ""
    return Content.assemble(formats.duration(described.billable_seconds), (f"{cost}{spot}", theme.QUIET))


def _instance(job: TrainingJob, described: TrainingJobDescription | None) -> Content:
    if described is None or job.instance_type is None:
        return Content(job.instance_type or formats.NOTHING)
    volume = f"   {described.volume_gb} GB" if described.volume_gb else ""
    return Content.assemble(f"{described.instance_count} × {job.instance_type}", (volume, theme.QUIET))


def _inputs(described: TrainingJobDescription) -> list[Fact]:
    channels = [
        (
            channel.name,
            Content.assemble(
                channel.uri or formats.NOTHING,
                (f"   {channel.content_type}" if channel.content_type else "", theme.QUIET),
            ),
        )
        for channel in described.channels
    ]
    return [*channels, ("output", Content(described.output or formats.NOTHING))]


def _line(label: str, value: Content) -> Content:
    return Content.assemble((f"{label:<{LABEL_WIDTH}}", theme.QUIET), value)


def _pairs(pairs: Iterable[tuple[str, str]], room: int) -> list[Content]:
    """Names and values side by side, on as many lines as it takes."""
    lines = [Content("")]
    for name, value in pairs:
        piece = Content.assemble((f"{name} ", theme.QUIET), value)
        if lines[-1] and lines[-1].cell_length + 2 + piece.cell_length > room:
            lines.append(Content(""))
        lines[-1] = lines[-1] + "  " + piece if lines[-1] else piece
    return lines if lines[0] else [Content(formats.NOTHING)]


def _image(job: TrainingJob) -> Content:
    name = (job.image or formats.NOTHING).rsplit("/", 1)[-1]
    return Content.assemble(name, (f"   {job.instance_type}" if job.instance_type else "", theme.QUIET))


def _times(job: TrainingJob) -> Content:
    return Content.assemble(
        formats.duration(job.duration_seconds), (f"   since {formats.moment(job.created)}", theme.QUIET)
    )


def laid_out(facts: Mapping[str, list[Fact]], width: int) -> list[Content]:
    """Groups of facts under their headings, values wrapped beside their labels."""
    room = max(1, width - INDENT - WIDE_LABEL)
    lines: list[Content] = []
    for heading, group in facts.items():
        if not group:
            continue
        lines += [Content(""), Content.styled(heading, f"bold {theme.BUSY}")]
        for label, value in group:
            first, *rest = folded(value, room)
            lines.append(Content.assemble((f"{'':<{INDENT}}{label:<{WIDE_LABEL}}", theme.QUIET), first))
            lines += [Content(" " * (INDENT + WIDE_LABEL)) + line for line in rest]
    return lines
