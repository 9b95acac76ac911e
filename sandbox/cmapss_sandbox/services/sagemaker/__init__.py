"""SageMaker: training and tuning jobs that train, models, endpoint configs, endpoints, tags and search."""

from __future__ import annotations

from cmapss_sandbox.region import Handler, Region
from cmapss_sandbox.services.sagemaker import (
    capacity,
    endpoint_configs,
    endpoint_controls,
    endpoint_updates,
    endpoints,
    models,
    search,
    tags,
    training_jobs,
    training_records,
    tuning_jobs,
    tuning_records,
)

SERVICE = "sagemaker"
OPERATIONS: dict[str, Handler] = {
    "CreateTrainingJob": training_jobs.create_training_job,
    "DescribeTrainingJob": training_jobs.describe_training_job,
    "ListTrainingJobs": training_jobs.list_training_jobs,
    "StopTrainingJob": training_jobs.stop_training_job,
    "DeleteTrainingJob": training_jobs.delete_training_job,
    "CreateHyperParameterTuningJob": tuning_jobs.create_tuning_job,
    "DescribeHyperParameterTuningJob": tuning_jobs.describe_tuning_job,
    "ListHyperParameterTuningJobs": tuning_jobs.list_tuning_jobs,
    "ListTrainingJobsForHyperParameterTuningJob": tuning_jobs.list_training_jobs_for_tuning_job,
    "StopHyperParameterTuningJob": tuning_jobs.stop_tuning_job,
    "DeleteHyperParameterTuningJob": tuning_jobs.delete_tuning_job,
    "Search": search.search,
    "GetSearchSuggestions": search.get_search_suggestions,
    "CreateModel": models.create_model,
    "DescribeModel": models.describe_model,
    "ListModels": models.list_models,
    "DeleteModel": models.delete_model,
    "CreateEndpointConfig": endpoint_configs.create_endpoint_config,
    "DescribeEndpointConfig": endpoint_configs.describe_endpoint_config,
    "ListEndpointConfigs": endpoint_configs.list_endpoint_configs,
    "DeleteEndpointConfig": endpoint_configs.delete_endpoint_config,
    "CreateEndpoint": endpoints.create_endpoint,
    "DescribeEndpoint": endpoints.describe_endpoint,
    "ListEndpoints": endpoints.list_endpoints,
    "DeleteEndpoint": endpoints.delete_endpoint,
    "UpdateEndpoint": endpoint_updates.update_endpoint,
    "UpdateEndpointWeightsAndCapacities": endpoints.update_endpoint_weights_and_capacities,
    "AddTags": tags.add_tags,
    "ListTags": tags.list_tags,
    "DeleteTags": tags.delete_tags,
}


def install(region: Region) -> None:
    """Tell the region what ends when."""
    endpoint_controls.install(region)
    capacity.install(region)
    region.on(training_records.MAX_RUNTIME, training_records.exceed_max_runtime)
    region.on(tuning_records.TUNING_MAX_RUNTIME, tuning_records.exceed_max_runtime)
