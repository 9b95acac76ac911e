"""Whatever is done to tuning jobs and their training jobs, in whatever order: it adds up, and it ends."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import Session
from hypothesis import given, settings
from hypothesis import strategies as st

from cmapss_sandbox.region import Region
from cmapss_sandbox.server import Server
from cmapss_sandbox.services import install
from cmapss_sandbox.services.sagemaker.training_records import MAX_RUNTIME
from cmapss_sandbox.services.sagemaker.tuning_records import TUNING_MAX_RUNTIME
from cmapss_sandbox.wire.dispatch import application
from tests.sandbox.artefacts import put_channels
from tests.sandbox.conftest import NOON
from tests.sandbox.tuning import described, eta_of, run, step, training_jobs_of, tuning_request

_ENDED = ("Completed", "Failed", "Stopped")
_LEGAL = {
    "InProgress": {"InProgress", "Stopping", *_ENDED},
    "Stopping": {"Stopping", "Stopped"},
    **{status: {status} for status in _ENDED},
}
_numbers = itertools.count()


@dataclass
class Account:
    """A region, a client to it, and what was seen of each job."""

    region: Region
    sagemaker: Any
    seen: dict[str, str] = field(default_factory=dict, repr=False)

    def follow(self, name: str, status: str) -> None:
        """Note a job's status, and that it could come from the one before."""
        before = self.seen.get(name, "InProgress")
        assert status in _LEGAL[before], f"{name} went from {before} to {status}"
        self.seen[name] = status


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory, botocore_session: Session) -> Iterator[Account]:
    """One region for all examples, each of which has jobs of its own."""
    region = Region(tmp_path_factory.mktemp("account") / "state", paused=True, now=NOON, strict=True)
    server = Server(application(region, install(region)))
    server.start()
    put_channels(region)
    client = botocore_session.create_client(
        "sagemaker",
        region_name=Region.name,
        endpoint_url=server.url,
        config=Config(retries={"max_attempts": 0, "mode": "standard"}),
    )
    yield Account(region, client)
    client.close()
    server.stop()
    region.close()


_CREATE = st.fixed_dictionaries(
    {
        "jobs": st.integers(1, 4),
        "parallel": st.integers(1, 3),
        "strategy": st.sampled_from(["Random", "Grid", "Hyperband"]),
        "longest": st.none() | st.integers(120, 300),
        "target": st.none() | st.floats(0, 1),
    }
)
_ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("create"), _CREATE),
        st.tuples(st.sampled_from(["stop", "delete", "stop_training_job", "delete_training_job"]), st.integers(0, 5)),
        st.tuples(st.just("work"), st.booleans()),
        st.tuples(st.just("advance"), st.integers(1, 90)),
    ),
    max_size=25,
)


@settings(max_examples=20, deadline=None)
@given(actions=_ACTIONS)
def test_counters_add_up_statuses_are_legal_and_everything_ends(
    account: Account, actions: list[tuple[str, Any]]
) -> None:
    names: list[str] = []
    for action, argument in actions:
        if action == "create":
            names.append(f"tuning-{next(_numbers)}")
            create(account, names[-1], argument)
        elif action == "work":
            step(account.region, eta_of if argument else lambda _: None)
        elif action == "advance":
            account.region.advance(argument)
        elif names:
            change(account, action, names[argument % len(names)], argument)
        check(account, names)
    run(account.region)
    check(account, names)
    for name in names:
        assert account.seen[name] in _ENDED
    assert not [
        job for job in account.region.table("training_jobs").values() if job["TrainingJobStatus"] not in _ENDED
    ], "no training job outlives its tuning job"
    still_due = {event["name"] for event in account.region.table("timed_events").values()}
    assert not still_due & {MAX_RUNTIME, TUNING_MAX_RUNTIME}, "what has ended has no more time to run out"


def create(account: Account, name: str, wanted: dict[str, Any]) -> None:
    """A tuning job as it was drawn."""
    limits: dict[str, int] = {"MaxParallelTrainingJobs": wanted["parallel"]}
    if wanted["longest"] is not None:
        limits["MaxRuntimeInSeconds"] = wanted["longest"]
    config: dict[str, Any] = {"Strategy": wanted["strategy"], "ResourceLimits": limits}
    if wanted["strategy"] == "Grid":
        etas = [f"0.{number + 1}" for number in range(wanted["jobs"])]
        config["ParameterRanges"] = {"CategoricalParameterRanges": [{"Name": "eta", "Values": etas}]}
    else:
        limits["MaxNumberOfTrainingJobs"] = wanted["jobs"]
    if wanted["strategy"] == "Hyperband":
        config["StrategyConfig"] = {"HyperbandStrategyConfig": {"MaxResource": 4}}
    if wanted["target"] is not None:
        config["TuningJobCompletionCriteria"] = {"TargetObjectiveMetricValue": wanted["target"]}
    account.sagemaker.create_hyper_parameter_tuning_job(**tuning_request(None, name, **config))


def change(account: Account, action: str, name: str, number: int) -> None:
    """A call that is refused for the status that the job is in, and for nothing else."""
    sagemaker = account.sagemaker
    if action in ("stop", "delete"):
        allowed = (account.seen[name] == "InProgress") if action == "stop" else (account.seen[name] in _ENDED)
        call = getattr(sagemaker, f"{action}_hyper_parameter_tuning_job")
        refused = refusal(call, HyperParameterTuningJobName=name)
        if action == "delete" and not refused:
            sagemaker.create_hyper_parameter_tuning_job(**tuning_request(1, name))
            del account.seen[name]
    else:
        jobs = training_jobs_of(sagemaker, name)
        if not jobs:
            return
        job = jobs[number % len(jobs)]
        status = job["TrainingJobStatus"]
        allowed = (status == "InProgress") if action == "stop_training_job" else (status in _ENDED)
        call = sagemaker.stop_training_job if action == "stop_training_job" else sagemaker.delete_training_job
        refused = refusal(call, TrainingJobName=job["TrainingJobName"])
    assert allowed == (refused is None)
    assert refused is None or "is in status" in refused


def refusal(call: Callable[..., Any], **arguments: str) -> str | None:
    """What the region says to a call that it refuses."""
    try:
        call(**arguments)
    except ClientError as error:
        return str(error.response["Error"]["Message"])
    return None


def check(account: Account, names: list[str]) -> None:
    """All that holds at any moment."""
    for name in names:
        tuning_job, jobs = described(account.sagemaker, name), training_jobs_of(account.sagemaker, name)
        account.follow(name, tuning_job["HyperParameterTuningJobStatus"])
        for job in jobs:
            account.follow(job["TrainingJobName"], job["TrainingJobStatus"])
        statuses = Counter(job["TrainingJobStatus"] for job in jobs)
        counters = tuning_job["TrainingJobStatusCounters"]
        assert sum(counters.values()) == sum(tuning_job["ObjectiveStatusCounters"].values()) == len(jobs)
        assert counters["Completed"] == statuses["Completed"]
        assert counters["InProgress"] == statuses["InProgress"] + statuses["Stopping"]
        assert counters["Stopped"] == statuses["Stopped"]
        assert counters["NonRetryableError"] == statuses["Failed"]
        assert Counter(job["ObjectiveStatus"] for job in jobs) == Counter(tuning_job["ObjectiveStatusCounters"])
        limits = tuning_job["HyperParameterTuningJobConfig"]["ResourceLimits"]
        assert len(jobs) <= limits["MaxNumberOfTrainingJobs"]
        assert counters["InProgress"] <= limits["MaxParallelTrainingJobs"]
        if tuning_job["HyperParameterTuningJobStatus"] in _ENDED:
            assert counters["InProgress"] == 0
            assert "HyperParameterTuningEndTime" in tuning_job
        ranked = [job for job in jobs if job["TrainingJobStatus"] == "Completed"]
        assert ("BestTrainingJob" in tuning_job) == bool(ranked), "the best is one of its own"
        if ranked:
            best = min(job["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] for job in ranked)
            assert tuning_job["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] == best
