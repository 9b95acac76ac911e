"""The line above the list of jobs: whose jobs, judged by what, how far they are, and whether AWS ranks as we do."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from textual.content import Content

from cmapss_core.jobs import TrainingJob, TuningJob
from cmapss_tui import formats, theme
from cmapss_tui.jobs.list import STAND_ALONE, JobList, Prepared, chosen_tuning_job, data_of
from cmapss_tui.keymap import first_key

SHORTEST_NAME = 16
GAP = "  "
_USES = {1: "compares it with the cursor's", 2: "compares the two"}


class Verdict(Enum):
    """What AWS says of our ranking of a tuning job."""

    AGREES = "AWS agrees"
    DIFFERS = "AWS names another best"
    SILENT = "AWS names no best"


def verdict(prepared: Prepared, tuning: TuningJob) -> Verdict | None:
    """Whether our best is AWS's; one with the same value is as good. None where there is nothing to compare yet."""
    ours, theirs = prepared.ours.get(tuning.name), prepared.theirs.get(tuning.name)
    if prepared.snapshot.expected is not None:  # either best may be among those that are still to be read
        return None
    if ours is None:
        return Verdict.DIFFERS if tuning.best_training_job else None
    if tuning.best_training_job is None:
        return Verdict.SILENT
    same = ours.name == tuning.best_training_job
    as_good = theirs is not None and theirs.status == "Completed" and theirs.objective_value == ours.objective_value
    return Verdict.AGREES if same or as_good else Verdict.DIFFERS


def cross_check(job: TrainingJob, prepared: Prepared) -> Content | None:
    """What AWS says of our ranking, where this job is the best by either; None where it is the best by neither."""
    tuning = next((one for one in prepared.snapshot.tuning_jobs if one.name == job.tuning_job), None)
    if tuning is None:
        return None
    ours = prepared.ours.get(tuning.name)
    is_ours, is_theirs = ours is not None and job.name == ours.name, job.name == tuning.best_training_job
    said = verdict(prepared, tuning)
    if said is None or not (is_ours or is_theirs):
        return None
    match said:
        case Verdict.AGREES if is_ours and is_theirs:
            return Content.assemble(("✓ ", theme.GOOD), "AWS agrees: best job of this tuning job")
        case Verdict.AGREES:
            other = tuning.best_training_job if is_ours or ours is None else ours.name
            return Content.assemble(("✓ ", theme.GOOD), f"best of this tuning job, level with {other}")
        case Verdict.SILENT:
            return Content.assemble(("– ", theme.QUIET), "best here; AWS names no best job of this tuning job yet")
    if is_ours:
        return Content.assemble(("▲ ", theme.WARN), f"AWS names another best: {tuning.best_training_job}")
    here = ours.name if ours is not None else "none"
    return Content.assemble(("▲ ", theme.WARN), f"AWS names this the best; here {here} is")


def title(shown: JobList, width: int, counted: tuple[int, int | None] | None = None, marked: int = 0) -> Content:
    """The line; `counted` is how many of how many jobs have been read, while they are being read."""
    prepared, question = shown.prepared, shown.question
    head = Content.styled("Training jobs", "bold")
    is_synthetic = data_of(shown.scope.rows) == "synthetic"
    if is_synthetic:
        head = Content.assemble(head, (" on synthetic data", theme.WARN))
    chosen = chosen_tuning_job(prepared, question)
    metric = shown.scope.metric
    arrow = {"Minimize": "↓", "Maximize": "↑"}.get(_direction(shown) or "", "")
    judged = Content.styled(f"{GAP}{metric} {arrow}".rstrip(), theme.ACCENT) if metric else Content("")
    marks = Content.styled(f"{GAP}✓ {formats.count(marked)} marked", theme.ACCENT) if marked else Content("")
    tail = (
        judged
        + marks
        + _counts(shown, chosen)
        + _said(prepared, chosen, question.tuning_job)
        + _loading(shown, counted)
    )
    name = _whose(shown, chosen)
    room = width - tail.cell_length - head.cell_length - 3
    if not name:
        line = head + tail
    elif room >= min(len(name), SHORTEST_NAME):
        line = Content.assemble(head, (" · ", theme.QUIET), formats.middle_elided(name, room), tail)
    else:
        caveat = Content.styled("  synthetic data" if is_synthetic else "", theme.WARN)
        left = width - tail.cell_length - caveat.cell_length
        # The name gives way to what its figures are worth.
        named = Content(formats.middle_elided(name, left) if left >= SHORTEST_NAME else "Jobs")
        line = named + caveat + tail
    use = Content.styled(f"{GAP}{_use_of(marked)}" if marked in _USES else "", theme.QUIET)
    if line.cell_length + use.cell_length <= width:
        line = line + use
    return line.truncate(width, ellipsis=True)


def _use_of(marked: int) -> str:
    """What so many marked jobs are good for."""
    return f"{first_key('jobs.compare')} {_USES[marked]}"


def legends(shown: JobList) -> tuple[Content, ...]:
    """What the chart's line says of itself, as much as there is room for: the metric, and the best value of it."""
    metric, best = shown.scope.metric, shown.scope.progress.best
    if metric is None or not best:
        return ()
    said = Content.styled(metric, theme.QUIET)
    reached = Content.styled(f", best {formats.objective(best[-1])}", theme.QUIET)
    keys = Content.styled("  ━ best so far  • job  ◆ this one", theme.QUIET)
    all_keys = keys + Content.styled("  ▴ off the scale", theme.QUIET)
    short = Content.styled("  ━ best  • job  ◆ this", theme.QUIET)
    return (
        said + reached + all_keys,
        said + reached + keys,
        said + reached + short,
        said + short,
        short,
        said,
        Content(""),
    )


def _whose(shown: JobList, chosen: TuningJob | None) -> str:
    """The tuning job's name: of the one chosen, or of the only one there is."""
    question, tuning_jobs = shown.question, shown.prepared.snapshot.tuning_jobs
    if question.tuning_job == STAND_ALONE:
        return "stand-alone"
    if question.tuning_job is not None:
        return question.tuning_job
    alone = shown.scope.stand_alone
    if len(tuning_jobs) > 1 or (tuning_jobs and alone):
        many = f"all, of {formats.count(len(tuning_jobs))} tuning job{'s' if len(tuning_jobs) > 1 else ''}"
        return f"{many} and {formats.count(alone)} stand-alone" if alone else many
    return tuning_jobs[0].name if tuning_jobs and chosen is None else ""


def _direction(shown: JobList) -> str | None:
    return next((row.job.objective_type for row in shown.scope.rows[:1]), None)


def _counts(shown: JobList, chosen: TuningJob | None) -> Content:
    tuning_jobs = shown.prepared.snapshot.tuning_jobs
    of = [chosen] if chosen is not None else [] if shown.question.tuning_job is not None else list(tuning_jobs)
    if not of:
        return Content.styled(f"{GAP}{formats.count(len(shown.scope.rows))}", theme.QUIET)
    counts = _counts_of_tuning_jobs(of) if shown.prepared.snapshot.expected is not None else _counts_of_jobs(shown)
    most = max(sum(one.max_jobs for one in of) + shown.scope.stand_alone, len(shown.scope.rows))
    parts = [f"{formats.count(counts.pop('done', 0))} of {formats.count(most)} done"]
    parts += [f"{formats.count(number)} {word}" for word, number in counts.items() if number]
    return Content.styled(f"{GAP}{', '.join(parts)}", theme.QUIET)


def _counts_of_tuning_jobs(of: Sequence[TuningJob]) -> dict[str, int]:
    """What the tuning jobs count themselves, while their jobs are still being read."""
    return {
        "done": sum(one.completed for one in of),
        "running": sum(one.in_progress for one in of),
        "failed": sum(one.failed for one in of),
        "stopped": sum(one.stopped for one in of),
    }


def _counts_of_jobs(shown: JobList) -> dict[str, int]:
    """What the list shows; the counters of a tuning job come later than its jobs."""
    counted = shown.scope.statuses
    return {
        "done": counted.get("Completed", 0),
        "running": counted.get("InProgress", 0) + counted.get("Stopping", 0),
        "failed": counted.get("Failed", 0),
        "stopped": counted.get("Stopped", 0),
    }


def _said(prepared: Prepared, chosen: TuningJob | None, choice: str | None) -> Content:
    """A word where AWS's best is not ours; that it is, the star says."""
    of = [chosen] if chosen is not None else list(prepared.snapshot.tuning_jobs) if choice is None else []
    verdicts = [verdict(prepared, one) for one in of]
    differ, silent = verdicts.count(Verdict.DIFFERS), verdicts.count(Verdict.SILENT)
    if differ:
        many = f" in {differ} of {len(of)}" if len(of) > 1 else ""
        return Content.styled(f"{GAP}▲ {Verdict.DIFFERS.value}{many}", theme.WARN)
    if silent and silent == len(of):
        return Content.styled(f"{GAP}– {Verdict.SILENT.value}", theme.QUIET)
    return Content("")


def _loading(shown: JobList, counted: tuple[int, int | None] | None) -> Content:
    expected = shown.prepared.snapshot.expected
    if counted is None and expected is None:
        return Content("")
    read, total = counted or (len(shown.prepared.snapshot.jobs), expected)
    of = f" of {formats.count(total)}" if total is not None else ""
    return Content.styled(f"{GAP}◐ reading {formats.count(read)}{of}", theme.BUSY)
