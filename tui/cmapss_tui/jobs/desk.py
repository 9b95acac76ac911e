"""Where the list of jobs is read and questions are answered: threads at work, and messages to the screen."""

from __future__ import annotations

from functools import partial

from textual.message import Message
from textual.message_pump import MessagePump

from cmapss_core.aws import Aws
from cmapss_core.errors import ConsoleError
from cmapss_core.jobs import PAGE, JobsSnapshot
from cmapss_core.jobs_reader import JobsReader
from cmapss_tui.collector import spare
from cmapss_tui.jobs.list import JobList, Prepared, Question, answer, prepare
from cmapss_tui.polling import post, run_in_thread


class JobsAnswered(Message, bubble=False):
    """A list is ready: to a new question, or of a part of the jobs while the rest is read."""

    def __init__(self, jobs: JobList) -> None:
        super().__init__()
        self.jobs = jobs


class JobsCounted(Message, bubble=False):
    """So many of so many jobs have been read."""

    def __init__(self, read: int, total: int | None) -> None:
        super().__init__()
        self.counted = (read, total)


class QuestionFailed(Message, bubble=False):
    """A question could not be answered."""

    def __init__(self, error: ConsoleError) -> None:
        super().__init__()
        self.error = error


class JobDesk:
    """Reads the jobs (`read`, in a poller's thread) and answers its owner's question, the newest one only.

    The owner hears JobsAnswered, JobsCounted while everything is read, and QuestionFailed. All but `read` belongs to
    the event loop's thread.
    """

    def __init__(self, owner: MessagePump, aws: Aws) -> None:
        self.question = Question()
        self._owner = owner
        self._aws = aws
        self._reader = JobsReader(aws, self._tell, self._count)
        self._prepared: Prepared | None = None
        self._answering = False
        self._spared = 0  # so many jobs
        self._all_spared = False

    def read(self) -> JobList:
        """The answer to the present question, of what the jobs are now. Never raises; `error` says what failed."""
        snapshot = self._reader.read()
        if snapshot.error is None:
            answered = answer(self._prepare(snapshot), self.question)
            self._spare_what_stays(len(snapshot.jobs), all_read=True)
            return answered
        known = self._prepared or Prepared(snapshot=snapshot)
        return JobList(
            as_of=snapshot.as_of,
            source=snapshot.source,
            error=snapshot.error,
            prepared=known,
            question=self.question,
        )

    def forget(self) -> None:
        """Read everything the next time, to find what was deleted too."""
        self._reader.forget()

    def ask(self, question: Question) -> None:
        """Answer this from now on."""
        self.question = question
        self.answer_again()

    def answer_again(self) -> None:
        """Answer the present question, as soon as the answer under way is there."""
        if self._prepared is not None and not self._answering:
            self._answering = True
            run_in_thread(self._owner, partial(answer, self._prepared, self.question), JobsAnswered, QuestionFailed)

    def answered(self) -> None:
        """Note that an answer has arrived, of whatever kind."""
        self._answering = False

    def _count(self, read: int, total: int | None) -> None:
        if not self._spared:
            self._spared = PAGE
            spare()  # the clients are made by now: half of all objects, which no collection will find to be garbage
        post(self._owner, JobsCounted(read, total))

    def _spare_what_stays(self, jobs: int, *, all_read: bool = False) -> None:
        """Leave what many jobs are made of out of further collections: to walk it would hold the console up."""
        rest = all_read and not self._all_spared and jobs > self._spared
        self._all_spared = self._all_spared or all_read
        if rest or jobs >= max(self._spared, PAGE) * 2:
            self._spared = jobs
            spare()

    def _tell(self, part: JobsSnapshot) -> None:
        self._spare_what_stays(len(part.jobs))
        post(self._owner, JobsAnswered(answer(self._prepare(part), self.question)))

    def _prepare(self, snapshot: JobsSnapshot) -> Prepared:
        self._prepared = prepare(snapshot, self._prepared, speed=self._aws.clock.speed)
        return self._prepared
