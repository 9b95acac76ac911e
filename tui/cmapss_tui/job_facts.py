"""A training job in words: the few lines beside the list, and the groups of its own screen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from textual.content import Content

from cmapss_core.jobs import TrainingJob
from cmapss_tui import formats, theme
from cmapss_tui.job_rows import status

LABEL_WIDTH = 9
INDENT, WIDE_LABEL = 2, 18
# What tuning found to matter comes first; the rest follows by name.
_FIRST = ("max_depth", "eta", "min_child_weight", "subsample", "gamma", "alpha", "lambda", "num_round")

SYNTHETIC = "synthetic: made to look like C-MAPSS, not NASA's"

Fact = tuple[str, Content]


def summary(job: TrainingJob, check: Content | None, width: int) -> list[Content]:
    """The job on a few lines of `width` columns; `check` is what AWS says of its rank. What matters least is last."""
    room = max(1, width - LABEL_WIDTH)
    facts: list[Fact] = []
    if job.failure_reason:
        facts.append(("failed", Content.styled(job.failure_reason, theme.BAD)))
    metrics = _pairs(((name, formats.objective(value)) for name, value in sorted(job.metrics.items())), room)
    if job.data == "synthetic":
        facts.append(("data", Content.styled(SYNTHETIC, theme.WARN)))
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


def about(job: TrainingJob, check: Content | None) -> dict[str, list[Fact]]:
    """What the job is and how it went, by heading."""
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
    if check is not None:
        facts.append(("", check))
    return {
        "Training job": facts,
        "Times": [
            ("created", Content(formats.moment(job.created))),
            ("ended", Content(formats.moment(job.ended))),
            ("took", Content(formats.duration(job.duration_seconds))),
        ],
        "What it made, and of what": [
            ("model", Content(job.model_artifact or formats.NOTHING)),
            ("image", Content(job.image or formats.NOTHING)),
            ("instance", Content(job.instance_type or formats.NOTHING)),
            ("role", Content(job.role_arn or formats.NOTHING)),
            ("data", Content(job.data or formats.NOTHING)),
        ],
    }


def made_with(job: TrainingJob) -> dict[str, list[Fact]]:
    """What went into the job and what came out of it in numbers, by heading."""
    return {
        "Final metrics": [(name, Content(formats.objective(value))) for name, value in sorted(job.metrics.items())],
        "Hyper-parameters": [(name, Content(text)) for name, text in parameters(job.hyperparameters, digits=None)],
    }


def parameters(hyperparameters: Mapping[str, str], digits: int | None = 3) -> list[tuple[str, str]]:
    """Hyper-parameters in the order in which they matter, shortened unless `digits` is None.

    Names with an underscore in front are SageMaker's own (`_tuning_objective_metric`) and left out.
    """
    own = [name for name in hyperparameters if not name.startswith("_")]
    own.sort(key=lambda name: (_FIRST.index(name) if name in _FIRST else len(_FIRST), name))
    return [
        (name, hyperparameters[name] if digits is None else formats.parameter(hyperparameters[name], digits))
        for name in own
    ]


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
            first, *rest = value.fold(room) or [Content("")]
            lines.append(Content.assemble((f"{'':<{INDENT}}{label:<{WIDE_LABEL}}", theme.QUIET), first))
            lines += [Content(" " * (INDENT + WIDE_LABEL)) + line for line in rest]
    return lines
