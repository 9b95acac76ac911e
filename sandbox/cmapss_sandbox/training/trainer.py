"""The trainer: takes one piece of work after another to the training process and writes what comes of it."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cmapss_sandbox.objects import bucket_and_key
from cmapss_sandbox.region import Region
from cmapss_sandbox.services.sagemaker.access import object_arn
from cmapss_sandbox.services.sagemaker.resources import TRAINING_JOB, TUNING_JOB
from cmapss_sandbox.services.sagemaker.training_records import (
    ACTIVE,
    INTERNAL_ERROR,
    STOP_ASKED,
    WORK_ARRIVED,
    begin,
    end,
    enter,
    fail,
)
from cmapss_sandbox.services.sagemaker.tuning_records import set_status, stop_training_jobs_of
from cmapss_sandbox.store import Record
from cmapss_sandbox.training.journal import Journal
from cmapss_sandbox.training.process import Answer, WorkerProcess
from cmapss_sandbox.training.tuning import launch_training_job
from cmapss_sandbox.training.work import Work, next_work

_log = logging.getLogger(__name__)

_INTERNAL_ERROR: Answer = {"failed": INTERNAL_ERROR}


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the job that is being trained has come."""

    training_job: str
    round: int
    rounds: int
    metrics: dict[str, float]


class Trainer:
    """Trains whatever the region's tables say there is to train, one job at a time, in a process of its own.

    The region is told of nothing but through its tables; `progress` is for those who watch.
    """

    def __init__(self, region: Region) -> None:
        self.progress: Progress | None = None
        self._region = region
        self._changed = threading.Condition(region.lock)
        self._process: WorkerProcess | None = None
        self._requests: deque[tuple[dict[str, Any], Callable[[Answer], None]]] = deque()
        self._answered: Callable[[Answer], None] | None = None
        self._work: Work | None = None
        self._journal: Journal | None = None
        self._number = 0
        self._running = False
        region.report("training", lambda: None if self.progress is None else asdict(self.progress))
        region.subscribe(WORK_ARRIVED, lambda _: self._wake())
        region.subscribe(STOP_ASKED, lambda _, name: self._stop_training(name))

    def start(self) -> None:
        """Go on with what is in the tables; jobs that were being trained when the region stopped start again."""
        with self._region.lock:
            self._running = True
            with self._region.transaction():
                for name, job in list(TRAINING_JOB.records(self._region).items()):
                    if job["TrainingJobStatus"] == "InProgress" and "TrainingStartTime" in job:
                        enter(self._region, name, "Restarting")
            self._wake()

    def request(self, command: dict[str, Any], on_answer: Callable[[Answer], None]) -> None:
        """Let the process run a command before anything else; the answer comes with the region's lock held."""
        with self._region.lock:
            self._requests.append((command, on_answer))
            self._wake()

    def wait_until(self, predicate: Callable[[], bool], seconds: float) -> bool:
        """Wait for what training brings about, asked with the region's lock held; False when it takes longer."""
        with self._changed:
            return self._changed.wait_for(predicate, seconds)

    def wait_until_idle(self, seconds: float) -> bool:
        """Wait until there is nothing left to train; False when that takes longer."""
        return self.wait_until(lambda: not self._busy, seconds)

    @property
    def process_id(self) -> int | None:
        """The id of the training process, None before there is something to train."""
        return None if self._process is None else self._process.id

    def close(self) -> None:
        """End the process; what it was training is trained again when a region with this state starts."""
        with self._region.lock:
            self._running = False
            process, self._process = self._process, None
        if process is not None:
            process.close()

    @property
    def _busy(self) -> bool:
        return self._work is not None or self._answered is not None

    def _wake(self) -> None:
        """Hand the next command over, if there is one and none is under way."""
        if not self._running or self._busy:
            return
        if self._requests:
            command, self._answered = self._requests.popleft()
        else:
            # Work is looked for outside of notifications that looking for it sends.
            self._running = False
            try:
                with self._region.transaction():
                    self._work = next_work(self._region)
            finally:
                self._running = True
            if self._work is None:
                return
            command = self._work.command
        if self._process is None:
            self._process = WorkerProcess(self._region.state / "training.log", self._on_answer, self._on_end)
        self._number += 1
        self._process.send({**command, "number": self._number})

    def _stop_training(self, name: str) -> None:
        if self._process is not None and self._work is not None and self._work.training_job == name:
            self._process.send({"command": "stop", "number": self._number})
            return
        job = TRAINING_JOB.records(self._region)[name]
        if job["TrainingJobStatus"] == "Stopping" and "TrainingStartTime" in job:
            # It was interrupted, and waits to start again.
            end(self._region, name, "Stopped")

    def _on_answer(self, answer: Answer) -> None:
        with self._region.lock:
            if not self._running or answer["number"] != self._number:
                return
            self._region.settle()
            final = "done" in answer or "failed" in answer
            if self._answered is not None:
                answered, self._answered = self._answered, None
                self._kept(lambda: answered(answer))
            elif self._work is not None:
                work = self._work
                if not self._kept(lambda: self._apply(work, answer)):
                    # What can be neither kept nor failed would be trained for ever.
                    final = True
                    self._running = self._kept(lambda: self._apply(work, _INTERNAL_ERROR))
                if final:
                    self._work, self.progress, self._journal = None, None, None
            if final:
                self._wake()
            self._changed.notify_all()

    def _on_end(self) -> None:
        """The process has died, for want of memory perhaps: what it was at has failed, the next gets a new one."""
        with self._region.lock:
            self._process = None
            self._on_answer({"number": self._number, **_INTERNAL_ERROR})

    def _kept(self, act: Callable[[], None]) -> bool:
        """Whether all that was to be written down has been."""
        try:
            with self._region.transaction():
                act()
        except Exception:
            _log.exception("An answer of the training process could not be written down")
            return False
        return True

    def _apply(self, work: Work, answer: Answer) -> None:
        if work.tuning_job is not None:
            self._apply_suggestion(work.tuning_job, work.command["definition"], answer)
            return
        assert work.training_job is not None
        job = TRAINING_JOB.records(self._region).get(work.training_job)
        if job is None or job["_identity"] != work.identity or job["TrainingJobStatus"] not in ACTIVE:
            # It was stopped before its training began, and perhaps deleted and created anew.
            return
        if "round" in answer:
            self.progress = Progress(work.training_job, answer["round"], answer["rounds"], answer["metrics"])
            self._written().evaluated(answer["round"], answer["metrics"])
        elif "log" in answer:
            self._written().inform(answer["log"])
        elif "phase" in answer:
            self._enter_phase(job, answer["phase"])
        elif "failed" in answer:
            if self._journal is not None:
                self._journal.inform(f"Reporting training FAILURE: {answer['failed']}", "ERROR")
                self._journal.flush()
            if job["TrainingJobStatus"] == "Stopping":
                end(self._region, work.training_job, "Stopped")
            else:
                fail(self._region, work.training_job, answer["failed"])
        else:
            self._written().flush()
            self._finish(job, Path(work.command["artefact"]), answer["done"])

    def _written(self) -> Journal:
        assert self._journal is not None, "a container writes after it has begun"
        return self._journal

    def _enter_phase(self, job: Record, phase: str) -> None:
        name = job["TrainingJobName"]
        if phase == "Downloading":
            self._journal = Journal(self._region, job)
        else:
            self._written().flush()
        if job["TrainingJobStatus"] == "Stopping":
            return
        if phase == "Downloading":
            begin(self._region, name)
        else:
            enter(self._region, name, phase)

    def _finish(self, job: Record, artefact: Path, done: dict[str, Any]) -> None:
        """Keep the model, and end the job."""
        records, name = TRAINING_JOB.records(self._region), job["TrainingJobName"]
        bucket, key = bucket_and_key(job["ModelArtifacts"]["S3ModelArtifacts"])
        if bucket not in self._region.objects.buckets():
            denied = f"NoSuchBucket: The specified bucket does not exist ({bucket})"
        elif not self._region.permits(job["RoleArn"], "s3:PutObject", object_arn(bucket, key)):
            denied = f"AccessDenied: Access Denied (s3://{bucket}/{key})"
        else:
            denied = None
        if denied is not None:
            fail(self._region, name, f"ClientError: Artifact upload failed:{denied}")
            return
        self._region.objects.adopt(bucket, key, artefact)
        if done["curve"]:
            records[name] = {**records[name], "_curve": done["curve"]}
        status = "Stopped" if done["stopped"] or job["TrainingJobStatus"] == "Stopping" else "Completed"
        end(self._region, name, status, {**done["metrics"], **self._written().defined_metrics(job)})

    def _apply_suggestion(self, tuning_job: str, definition: int, answer: Answer) -> None:
        if tuning_job not in TUNING_JOB.records(self._region):
            return
        if "failed" in answer:
            set_status(self._region, tuning_job, "Failed", FailureReason=answer["failed"])
            stop_training_jobs_of(self._region, tuning_job)
        else:
            launch_training_job(self._region, tuning_job, definition, answer["done"]["hyperparameters"])
