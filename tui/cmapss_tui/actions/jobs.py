"""What can be done with training jobs: in their list, with one of them, and with two beside each other."""

from __future__ import annotations

from cmapss_tui.actions.action import Action, Safety


def _in_list(name: str, key: str, title: str, help: str, *, verb: str | None = None, show: bool = True) -> Action:
    return Action(f"jobs.{name}", (key,), title, help, "jobs", "Jobs", verb=verb, show=show)


def _of_one(name: str, key: str, title: str, help: str) -> Action:
    return Action(f"job.{name}", (key,), title, help, "job", "Job")


def _of_two(name: str, key: str, title: str, help: str) -> Action:
    return Action(f"comparison.{name}", (key,), title, help, "comparison", "Comparison")


JOB_ACTIONS: tuple[Action, ...] = (
    _in_list("open", "enter", "open", "Everything about the job under the cursor."),
    _in_list(
        "filter",
        "slash",
        "filter",
        'word  !word  "two words"  /expression/  status:failed  rmse<46  took>5m  created>2026-11-22; all must hold, '
        "or those before or after a |.",
    ),
    Action(
        "jobs.deploy",
        ("D",),
        "deploy",
        "Put the job's model into production: shows the plan first. The verb also takes variants and environment.",
        "jobs",
        "Jobs",
        safety=Safety.CONFIRM,
        verb="deploy",
    ),
    _in_list("compare", "c", "compare", "Two jobs side by side: mark one with space, go to the other; or mark both."),
    _in_list("tuning_job", "T", "tuning job", "Only the jobs of one tuning job, or all again."),
    _in_list("sort", "s", "sort", "Sort by the next column; a click on a header sorts by that one."),
    _in_list("order", "o", "order", "Choose the column to sort by, also one that is out of sight.", show=False),
    _in_list("reverse", "S", "reverse", "Turn the order round.", show=False),
    _in_list("logs", "l", "logs", "What the job wrote."),
    _in_list("describe", "d", "describe", "DescribeTrainingJob's answer, as it is."),
    Action(
        "job.deploy",
        ("D",),
        "deploy",
        "Put this job's model into production: shows the plan first.",
        "job",
        "Job",
        safety=Safety.CONFIRM,
        verb="deploy",
    ),
    _of_one("logs", "l", "logs", "What the job wrote."),
    _of_one("describe", "d", "describe", "DescribeTrainingJob's answer, as it is."),
    _of_two("filter", "slash", "filter", "Narrow the facts down, by words or by group:metrics."),
    _of_two("differences", "equals_sign", "differences", "Only what differs, or everything again."),
)
