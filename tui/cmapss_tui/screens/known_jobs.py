"""The names of the jobs whose models can be taken, for who types one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual.message import Message
from textual.message_pump import MessagePump

from cmapss_tui.polling import run_in_thread

if TYPE_CHECKING:
    from cmapss_core.aws import Aws


class JobsKnown(Message, bubble=False):
    """The names of the jobs whose models can be taken, best first."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self.names = names


def ask_jobs(owner: MessagePump, aws: Aws) -> None:
    """Read them in a thread; none where they cannot be read: it is a help in typing."""
    run_in_thread(owner, partial(_known_jobs, aws), JobsKnown, lambda _: JobsKnown(()))


def _known_jobs(aws: Aws) -> list[str]:
    from cmapss_core.jobs import read_jobs

    return [row.job.name for row in read_jobs(aws).jobs if row.job.status == "Completed"]
