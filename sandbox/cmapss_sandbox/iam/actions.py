"""What a call needs: the actions that the caller must be allowed, on which resources, under which condition keys.

After the Service Authorization Reference. An operation is an action of its own name on the resources that its request
names; the tables have what differs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cmapss_sandbox.iam import periphery_actions, sagemaker_actions, service_actions
from cmapss_sandbox.iam.needs import Members, Needs
from cmapss_sandbox.region import Region

# From the region, the operation and its members to its needs.
Rule = Callable[[Region, str, Members], Needs]

_RULES: Mapping[str, Rule] = {
    "sagemaker": sagemaker_actions.sagemaker,
    "sagemaker-runtime": sagemaker_actions.runtime,
    "application-autoscaling": service_actions.autoscaling,
    "cloudwatch": service_actions.cloudwatch,
    "logs": service_actions.logs,
    "sts": service_actions.sts,
    "pricing": service_actions.pricing,
    "service-quotas": service_actions.quotas,
    "s3": periphery_actions.s3,
    "iam": periphery_actions.iam,
    "ec2": periphery_actions.ec2,
}


def needs(region: Region, service: str, operation: str, members: Members) -> Needs:
    """What a call needs; one that lacks the name of its resource is asked about all, and refused for that later."""
    return _RULES[service](region, operation, members)
