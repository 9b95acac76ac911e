"""What a training job's container writes: its log stream, and from that the metrics that SageMaker publishes."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from datetime import datetime

from cmapss_sandbox.region import Region
from cmapss_sandbox.services import logs
from cmapss_sandbox.services.cloudwatch.durable import metrics_of
from cmapss_sandbox.services.cloudwatch.statistics import Bucket
from cmapss_sandbox.services.cloudwatch.store import MINUTE, metric_key
from cmapss_sandbox.store import Record

LOG_GROUP = "/aws/sagemaker/TrainingJobs"
# Metrics of training jobs are in a namespace of the same name, by job and by host.
_NAMESPACE = LOG_GROUP
# Rounds of a small job come by the thousand a second, and each write is one to the disk.
_FLUSH_SECONDS = 0.5


class Journal:
    """The log stream of the one job that is being trained, written in batches."""

    def __init__(self, region: Region, job: Record) -> None:
        """Begin a stream: a job that starts again gets one more."""
        self._region, self._training_job = region, job["TrainingJobName"]
        self._stream = f"{self._training_job}/algo-1-{int(region.now().timestamp())}"
        stream_arn = region.arn("logs", f"log-group:{LOG_GROUP}:log-stream:{self._stream}")
        # AWS trains all the same for a role that may not write logs: there are none then.
        self._is_written = region.permits(job["RoleArn"], "logs:PutLogEvents", stream_arn)
        self._lines: list[str] = []
        self._values: list[tuple[str, int, float]] = []
        self._last_line = ""
        self._flushed = time.monotonic()

    def inform(self, line: str, level: str = "INFO") -> None:
        """A line of the container's own."""
        self._lines.append(f"{_stamp(self._region.now(), level)} {line}")

    def evaluated(self, round_: int, metrics: Mapping[str, float]) -> None:
        """The line after a round, counted from 1: its tabs are written as the container writes them."""
        figures = (f"#011{name.replace(':', '-', 1)}:{value:.5f}" for name, value in metrics.items())
        self._last_line = f"[{round_ - 1}]{''.join(figures)}"
        self._lines.append(self._last_line)
        minute = int(self._region.now().timestamp()) // MINUTE
        self._values += ((name, minute, value) for name, value in metrics.items())
        if time.monotonic() - self._flushed >= _FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what there is."""
        if self._lines and self._is_written:
            logs.append(self._region, LOG_GROUP, self._stream, self._lines)
        store = metrics_of(self._region)
        for name, minute, value in self._values:
            key = metric_key(_NAMESPACE, name, [{"Name": "TrainingJobName", "Value": self._training_job}])
            store.put(key, minute, Bucket.of({value: 1.0}))
        self._lines, self._values, self._flushed = [], [], time.monotonic()

    def defined_metrics(self, job: Record) -> dict[str, float]:
        """The last values of the metrics that the job's own definitions find in its log."""
        found = {}
        for definition in job["AlgorithmSpecification"]["MetricDefinitions"]:
            try:
                match = re.search(definition["Regex"], self._last_line)
                if match is not None:
                    found[definition["Name"]] = float(match[1])
            except (re.error, IndexError, ValueError):
                continue  # a definition that finds no number finds nothing, in AWS as here
        return found


def _stamp(now: datetime, level: str) -> str:
    return f"[{now:%Y-%m-%d:%H:%M:%S}:{level}]"
