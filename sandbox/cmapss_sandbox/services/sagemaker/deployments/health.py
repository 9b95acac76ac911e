"""What keeps a fleet's instances from serving: no capacity, no image, no artefact, or a container that crashes."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cmapss_sandbox.objects import bucket_and_key
from cmapss_sandbox.region import Region
from cmapss_sandbox.services import logs
from cmapss_sandbox.services.sagemaker.access import object_arn, repository_arn
from cmapss_sandbox.services.sagemaker.deployments.pace import CRASH_LOOP
from cmapss_sandbox.services.sagemaker.fleet import Fleet
from cmapss_sandbox.services.serving.artefacts import load_boosters
from cmapss_sandbox.services.serving.invocation import log_group
from cmapss_sandbox.services.serving.payloads import ContainerError


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a variant's containers do not come up, in AWS's words, and after how many region seconds that is clear."""

    reason: str
    seconds: float = 0.0
    variant: str = ""
    log: tuple[str, ...] = ()


def failure_to_start(region: Region, fleet: Fleet, variants: Iterable[str]) -> Failure | None:
    """What keeps the first of these variants that cannot start from starting; None when all can."""
    for name in variants:
        made_of = fleet["made_of"][name]
        found = _unavailable(region, name, made_of) or _crash(region, name, made_of)
        if found is not None:
            return found
    return None


def write_crash(region: Region, endpoint: str, config: str, failure: Failure, instance: int) -> None:
    """Leave in CloudWatch Logs what a crashing container has said last, on the config's instance of that number."""
    stream = f"{failure.variant}/{logs.instance_id(endpoint, f'{failure.variant}/{config}', instance)}"
    logs.append(region, log_group(endpoint), stream, failure.log)


def import_early() -> None:
    """Have the library that loads models imported before the region is locked for loading one."""
    if "xgboost" not in sys.modules:
        threading.Thread(target=importlib.import_module, args=("xgboost",), name="xgboost-import", daemon=True).start()


def _unavailable(region: Region, variant: str, made_of: Mapping[str, Any]) -> Failure | None:
    for number, container in enumerate(made_of["containers"], start=1):
        reason = _missing_image(region, variant, made_of["role"], container["image"]) or _missing_artefact(
            region, made_of["role"], number, container["model_data_url"]
        )
        if reason is not None:
            return Failure(reason)
    return None


def _missing_image(region: Region, variant: str, role: str | None, image: str) -> str | None:
    repository = repository_arn(region, image)
    if repository is None:
        return (
            f"Please make sure all images included in the model for the production variant {variant} exist, and that "
            "the execution role used to create the model has permissions to access them."
        )
    if not _permits(region, role, "ecr:BatchGetImage", repository):
        return f"The role '{role}' does not have BatchGetImage permission for the image: '{image}'."
    return None


def _missing_artefact(region: Region, role: str | None, number: int, url: str | None) -> str | None:
    if url is None:
        return None
    bucket, key = bucket_and_key(url)
    there = region.objects.head(bucket, key) is not None
    if there and _permits(region, role, "s3:GetObject", object_arn(bucket, key)):
        return None
    return (
        f'Failed to download model data for container "container_{number}" from URL: "{url}". Please ensure '
        "that there is an object located at the URL and that the role passed to CreateModel has "
        "permissions to download the object."
    )


def _crash(region: Region, variant: str, made_of: Mapping[str, Any]) -> Failure | None:
    """What the first container dies of: its model is really loaded."""
    try:
        if "xgboost" not in made_of["image"]:
            raise ContainerError(500, f"no server for the image {made_of['image']} listens on port 8080")
        if made_of["model_data_url"] is None:
            raise ContainerError(500, "Unable to load model: there is no file in /opt/ml/model")
        load_boosters(region.objects.get(*bucket_and_key(made_of["model_data_url"])))
    except ContainerError as error:
        return Failure(
            f"The primary container for production variant {variant} did not pass the ping health check. "
            "Please check CloudWatch logs for this endpoint.",
            float(made_of["startup_seconds"] or CRASH_LOOP),
            variant,
            _traceback(region, error.message),
        )
    return None


def _traceback(region: Region, message: str) -> tuple[str, ...]:
    """The last lines of a container that could not load its model and is asked for /ping."""
    now = region.now()
    worker, ping = f"{now:%Y-%m-%d %H:%M:%S} +0000", f"{now:%d/%b/%Y:%H:%M:%S} +0000"
    packages = "/miniconda3/lib/python3.8/site-packages"
    serving = f"{packages}/sagemaker_xgboost_container/algorithm_mode"
    return (
        f"[{now:%Y-%m-%d:%H:%M:%S}:INFO] No GPUs detected (normal if no gpus installed)",
        f"[{worker}] [17] [INFO] Starting gunicorn",
        f"[{worker}] [17] [INFO] Listening at: unix:/tmp/gunicorn.sock (17)",
        f"[{worker}] [24] [INFO] Booting worker with pid: 24",
        f"[{worker}] [24] [ERROR] Exception in worker process",
        "Traceback (most recent call last):",
        f'  File "{packages}/gunicorn/arbiter.py", in spawn_worker',
        f'  File "{serving}/serve.py", in load_model',
        f'  File "{serving}/serve_utils.py", in get_loaded_booster',
        f"RuntimeError: {message}",
        f"[{worker}] [24] [INFO] Worker exiting (pid: 24)",
        f'169.254.178.2 - - [{ping}] "GET /ping HTTP/1.1" 502 182 "-" "AHC/2.0"',
    )


def _permits(region: Region, role: str | None, action: str, resource: str) -> bool:
    return role is None or region.permits(role, action, resource)
