"""The way back of steps that put something in the place of what was there before."""

from __future__ import annotations

from dataclasses import replace

from cmapss_core.plans.plan import Step


def undone_by(step: Step, undo: Step, title: str) -> Step:
    """The step with its undo, which goes ahead only while what the step shows is as the step left it.

    What has changed since belongs to somebody else; but what the undo itself shows is its own doing. Counts of what
    is there say nothing of who changed it.
    """
    takes_away = all(_counts(path) for path in undo.proof.shows)
    mine = {
        path: (*good, *undo.proof.shows.get(path, ()))
        for path, good in step.proof.shows.items()
        if not _counts(path) and (takes_away or path in undo.proof.shows)
    }
    return replace(step, undo=replace(undo, title=title, proof=replace(undo.proof, unchanged=mine)))


def _counts(path: str) -> bool:
    return "length(" in path
