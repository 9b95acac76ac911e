"""How an endpoint gets from one status to the next: what is under way is data, its end a timed event."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from cmapss_sandbox.errors import validation_exception
from cmapss_sandbox.region import Region
from cmapss_sandbox.services.sagemaker.fleet import failure_reason, variants_as_they_are
from cmapss_sandbox.services.sagemaker.resources import ENDPOINT, forget
from cmapss_sandbox.store import Record

END = "sagemaker.endpoint_transition_ends"

_IN_PROGRESS = frozenset({"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"})


def modifiable(region: Region, name: str) -> Record:
    """An endpoint that may be changed now; raises AWS's refusal when it is absent or something is under way."""
    record = ENDPOINT.get(region, name)
    if record["EndpointStatus"] in _IN_PROGRESS:
        raise validation_exception(f'Cannot update in-progress endpoint "{record["EndpointArn"]}".')
    return record


def running(region: Region, name: str) -> Record:
    """An endpoint that serves and may be changed now; raises AWS's refusal otherwise."""
    record = modifiable(region, name)
    if "ProductionVariants" not in record:
        raise validation_exception(
            f'Cannot update endpoint "{record["EndpointArn"]}" in status {record["EndpointStatus"]}.'
        )
    return record


def begin(region: Region, record: Record, status: str, seconds: float) -> None:
    """Put an endpoint into a status that ends by itself after so many region seconds."""
    now = region.now()
    name, generation = record["EndpointName"], record.get("_generation", 0) + 1
    changed = {name: value for name, value in record.items() if name != "FailureReason"}
    ENDPOINT.records(region)[name] = {
        **changed,
        "EndpointStatus": status,
        "LastModifiedTime": now,
        "_generation": generation,
    }
    region.schedule(now + timedelta(seconds=seconds), END, name=name, generation=generation)


def end_transition(region: Region, name: str, generation: int) -> None:
    """The timed event that ends what begin() began; one that has been overtaken changes nothing."""
    record = ENDPOINT.records(region).get(name)
    if record is None or record["_generation"] != generation:
        return
    if record["EndpointStatus"] == "Deleting":
        forget(region, ENDPOINT, name)
        return
    coming = record["_next"]
    settled = {key: value for key, value in record.items() if key not in ("_next", "PendingDeploymentSummary")}
    reason = failure_reason(region.objects, coming["fleet"])
    arrived = []
    if reason is None:
        arrived = _capacity_changes(record.get("ProductionVariants", []), coming["variants"])
        settled |= {
            "EndpointStatus": "InService",
            "EndpointConfigName": coming["config"],
            "ProductionVariants": coming["variants"],
            "_fleet": coming["fleet"],
        }
    else:
        settled |= {"EndpointStatus": "Failed", "FailureReason": reason}
        if "ProductionVariants" in record:
            # One that was serving serves on as it did; a new one is good for nothing but deletion.
            settled |= {
                "EndpointStatus": "InService",
                "ProductionVariants": variants_as_they_are(record["ProductionVariants"]),
            }
    ENDPOINT.records(region)[name] = {**settled, "LastModifiedTime": region.now()}
    if settled["EndpointStatus"] == "InService":
        region.notify("endpoint_in_service", name=name)
    for variant in arrived:
        region.notify("capacity_arrived", endpoint=name, variant=variant)


def _capacity_changes(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[str]:
    counts = {variant["VariantName"]: variant["CurrentInstanceCount"] for variant in before}
    return [
        variant["VariantName"]
        for variant in after
        if counts.get(variant["VariantName"]) not in (None, variant["CurrentInstanceCount"])
    ]
