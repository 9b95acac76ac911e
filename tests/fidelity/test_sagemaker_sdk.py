"""What a notebook does with the SageMaker Python SDK, start to end, without a word of ours in it."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.fidelity.conftest import SANDBOX_PYTHON
from tests.live import LiveSandbox

if SANDBOX_PYTHON not in os.environ:
    pytest.skip("the SDK has an environment of its own: run `make fidelity`", allow_module_level=True)

INSTANCE_TYPE = "ml.m5.xlarge"


@pytest.fixture(scope="session")
def tuning_job(sandbox: LiveSandbox) -> str:
    """The name of the region's own tuning job."""
    [summary] = sandbox.client("sagemaker").list_hyper_parameter_tuning_jobs()["HyperParameterTuningJobSummaries"]
    name: str = summary["HyperParameterTuningJobName"]
    return name


@pytest.fixture(scope="session")
def channels(sandbox: LiveSandbox) -> dict[str, Any]:
    """The channels that the region's own jobs were trained on."""
    sagemaker = sandbox.client("sagemaker")
    [job, *_] = sagemaker.list_training_jobs(StatusEquals="Completed", MaxResults=1)["TrainingJobSummaries"]
    described = sagemaker.describe_training_job(TrainingJobName=job["TrainingJobName"])
    return {channel["ChannelName"]: channel for channel in described["InputDataConfig"]}


def _inputs(channels: dict[str, Any]) -> dict[str, Any]:
    from sagemaker.inputs import TrainingInput

    return {
        name: TrainingInput(channel["DataSource"]["S3DataSource"]["S3Uri"], content_type=channel.get("ContentType"))
        for name, channel in channels.items()
    }


def _estimator(session: Any, role: str) -> Any:
    from sagemaker import image_uris
    from sagemaker.estimator import Estimator

    return Estimator(
        image_uri=image_uris.retrieve("xgboost", "us-east-1", version="1.7-1"),
        role=role,
        instance_count=1,
        instance_type=INSTANCE_TYPE,
        output_path="s3://cmapss-notebook/models",
        sagemaker_session=session,
        hyperparameters={"objective": "reg:squarederror", "num_round": "5"},
    )


def test_fit_waits_with_the_logs_and_the_job_can_be_attached(
    session: Any, role: str, channels: dict[str, Any], sandbox: LiveSandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    from sagemaker.estimator import Estimator

    sandbox.client("s3").create_bucket(Bucket="cmapss-notebook")
    estimator = _estimator(session, role)
    estimator.fit(_inputs(channels), job_name="notebook-fit", logs="All")
    assert "validation-rmse" in capsys.readouterr().out
    attached = Estimator.attach("notebook-fit", sagemaker_session=session)
    assert attached.model_data == estimator.model_data
    assert attached.training_job_analytics.dataframe()["metric_name"].str.contains("rmse").any()


def test_deploy_predict_update_and_delete(
    session: Any, tuning_job: str, rows: list[list[float]], sandbox: LiveSandbox
) -> None:
    from sagemaker.deserializers import CSVDeserializer
    from sagemaker.serializers import CSVSerializer
    from sagemaker.tuner import HyperparameterTuner

    tuner = HyperparameterTuner.attach(tuning_job, sagemaker_session=session)
    predictor = tuner.deploy(
        initial_instance_count=1,
        instance_type=INSTANCE_TYPE,
        endpoint_name="notebook",
        serializer=CSVSerializer(),
        deserializer=CSVDeserializer(),
    )
    predictions = [float(value) for line in predictor.predict(rows) for value in line if value]
    assert len(predictions) == len(rows)
    assert len(set(predictions)) > 1

    predictor.update_endpoint(initial_instance_count=2, instance_type=INSTANCE_TYPE)
    sagemaker = sandbox.client("sagemaker")
    described = sagemaker.describe_endpoint(EndpointName="notebook")
    assert described["EndpointStatus"] == "InService"
    assert described["ProductionVariants"][0]["CurrentInstanceCount"] == 2
    again = [float(value) for line in predictor.predict(rows) for value in line if value]
    assert again == predictions

    predictor.delete_model()
    predictor.delete_endpoint(delete_endpoint_config=True)
    sagemaker.get_waiter("endpoint_deleted").wait(EndpointName="notebook", WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    assert not sagemaker.list_endpoints()["Endpoints"]
    assert not sagemaker.list_models()["Models"]
    # The first config, which the update replaced, is what the SDK leaves behind.
    assert [config["EndpointConfigName"] for config in sagemaker.list_endpoint_configs()["EndpointConfigs"]] == [
        "notebook"
    ]


def test_the_tuner_is_attached_and_its_analytics_rank(session: Any, tuning_job: str, sandbox: LiveSandbox) -> None:
    from sagemaker.analytics import HyperparameterTuningJobAnalytics
    from sagemaker.tuner import HyperparameterTuner

    tuner = HyperparameterTuner.attach(tuning_job, sagemaker_session=session)
    described = sandbox.client("sagemaker").describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=tuning_job)
    assert tuner.best_training_job() == described["BestTrainingJob"]["TrainingJobName"]
    assert tuner.best_estimator().model_data.startswith("s3://")
    frame = HyperparameterTuningJobAnalytics(tuning_job, sagemaker_session=session).dataframe()
    best = frame.sort_values("FinalObjectiveValue").iloc[0]
    assert best["TrainingJobName"] == tuner.best_training_job()
    assert len(frame) == 2


def test_a_tuner_of_ones_own_runs_and_is_stopped(
    session: Any, role: str, channels: dict[str, Any], sandbox: LiveSandbox
) -> None:
    from sagemaker.tuner import ContinuousParameter, HyperparameterTuner, IntegerParameter

    tuner = HyperparameterTuner(
        _estimator(session, role),
        "validation:rmse",
        {"eta": ContinuousParameter(0.1, 0.5), "max_depth": IntegerParameter(2, 6)},
        objective_type="Minimize",
        strategy="Random",
        max_jobs=3,
        max_parallel_jobs=1,
    )
    tuner.fit(_inputs(channels), job_name="notebook-tuning", wait=False)
    assert tuner.describe()["HyperParameterTuningJobStatus"] == "InProgress"
    tuner.stop_tuning_job()
    assert tuner.describe()["HyperParameterTuningJobStatus"] in ("Stopping", "Stopped")


def test_errors_reach_the_notebook_as_clients_errors(session: Any) -> None:
    from botocore.exceptions import ClientError
    from sagemaker.estimator import Estimator

    with pytest.raises(ClientError, match="Requested resource not found"):
        Estimator.attach("nobody", sagemaker_session=session)
    with pytest.raises(ClientError, match="Could not find endpoint"):
        session.delete_endpoint("nobody")
