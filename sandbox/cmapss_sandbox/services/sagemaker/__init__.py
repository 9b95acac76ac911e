"""SageMaker: training and tuning jobs that train, models, endpoint configs, endpoints, tags and search."""

from __future__ import annotations

from cmapss_sandbox.region import Handler, Region
from cmapss_sandbox.services.sagemaker import (
    endpoint_configs,
    endpoint_transitions,
    endpoint_updates,
    endpoints,
    models,
    tags,
)

SERVICE = "sagemaker"
OPERATIONS: dict[str, Handler] = {
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
    region.on(endpoint_transitions.END, endpoint_transitions.end_transition)
