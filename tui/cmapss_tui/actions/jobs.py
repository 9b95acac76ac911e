"""What can be done with training jobs: in their list, and with one of them."""

from __future__ import annotations

from cmapss_tui.actions.action import Action, Safety

JOB_ACTIONS: tuple[Action, ...] = (
    Action("jobs.open", ("enter",), "open", "Everything about the job under the cursor.", "jobs", "Jobs"),
    Action(
        "jobs.filter",
        ("slash",),
        "filter",
        "Words, !word, status:completed, rmse<46; all must hold.",
        "jobs",
        "Jobs",
    ),
    Action("jobs.sort", ("s",), "sort", "Sort by the next column.", "jobs", "Jobs"),
    Action("jobs.reverse", ("S",), "reverse", "Turn the order round.", "jobs", "Jobs", show=False),
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
)
