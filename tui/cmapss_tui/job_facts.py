"""A training job in words: the few lines beside the list, and the groups of its own screen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from textual.content import Content

from cmapss_core.jobs import TrainingJob
from cmapss_tui import formats, theme
from cmapss_tui.job_rows import status

LABEL_WIDTH = 9
# What tuning found to matter comes first; the rest follows by name.
_FIRST = ("max_depth", "eta", "min_child_weight", "subsample", "gamma", "alpha", "lambda", "num_round")

Fact = tuple[str, Content]


def summary(job: TrainingJob, width: int, check: Content | None) -> Content:
    """The job on a few lines of `width` columns; `check` is what AWS says of its rank."""
    room = max(1, width - LABEL_WIDTH)
    facts: list[Fact] = []
    if job.failure_reason:
        facts.append(("failed", Content.styled(job.failure_reason, theme.BAD)))
    facts += [
        ("model", Content(formats.middle_elided(job.model_artifact or formats.NOTHING, room))),
        ("image", _image(job)),
        ("params", _pairs(parameters(job.hyperparameters), room)),
        ("metrics", _pairs(((name, formats.objective(value)) for name, value in sorted(job.metrics.items())), room)),
        ("trained", _times(job)),
    ]
    head = Content.assemble((formats.middle_elided(job.name, width), "bold"))
    lines = [head, *(_line(label, value) for label, value in facts)]
    if check is not None:
        lines.append(check)
    return Content("\n").join(lines)


def groups(job: TrainingJob, check: Content | None) -> dict[str, list[Fact]]:
    """Everything known of the job, by heading."""
    about: list[Fact] = [("status", status(job.status))]
    if job.secondary_status and job.secondary_status != job.status:
        about.append(("", Content(job.secondary_status)))
    if job.failure_reason:
        about.append(("failed", Content.styled(job.failure_reason, theme.BAD)))
    if job.tuning_job is not None:
        about.append(("tuning job", Content(job.tuning_job)))
    if job.objective_metric is not None:
        aim = f"  {job.objective_type.lower()}" if job.objective_type else ""
        value = formats.objective(job.objective_value)
        about.append(("objective", Content.assemble((value, "bold"), f"  {job.objective_metric}", (aim, theme.QUIET))))
    if check is not None:
        about.append(("", check))
    return {
        "Training job": about,
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
        ],
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


def _pairs(pairs: Iterable[tuple[str, str]], room: int) -> Content:
    """Names and values on one line, as many as there is room for."""
    content = Content("")
    for name, value in pairs:
        piece = Content.assemble((f"{name} ", theme.QUIET), value)
        gap = 2 if content else 0
        if content.cell_length + gap + piece.cell_length > room:
            return content.truncate(room - 2) + " …"
        content = content + " " * gap + piece
    return content or Content(formats.NOTHING)


def _image(job: TrainingJob) -> Content:
    name = (job.image or formats.NOTHING).rsplit("/", 1)[-1]
    return Content.assemble(name, (f"   {job.instance_type}" if job.instance_type else "", theme.QUIET))


def _times(job: TrainingJob) -> Content:
    return Content.assemble(
        formats.duration(job.duration_seconds), (f"   since {formats.moment(job.created)}", theme.QUIET)
    )
