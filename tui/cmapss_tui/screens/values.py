"""What a value in a dialog has to look like: the checks of the plans, said as a field says them."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from collections.abc import Callable
from typing import TypeVar

from cmapss_core.errors import ConsoleError
from cmapss_tui.arguments import positive_integer

V = TypeVar("V")


def maybe(parse: Callable[[str], V]) -> Callable[[str], tuple[V, ...]]:
    """The same, for a field that may be left empty: one value or none."""
    return lambda text: (parse(text),) if text else ()


def needed(parse: Callable[[str], V]) -> Callable[[str], V]:
    """The same, for a field that may not be left empty: that is said plainly."""

    def checked(text: str) -> V:
        if not text:
            raise ArgumentTypeError("is needed")
        return parse(text)

    return checked


def endpoint_name(text: str) -> str:
    """A name for an endpoint; the field shows it, so the reason need not."""
    from cmapss_core.plans.names import check_name

    try:
        return check_name("endpoint", text)
    except ConsoleError as error:
        raise ArgumentTypeError(error.message.removeprefix(f"endpoint name {text!r} ")) from error


def training_job(text: str) -> str:
    """The name of a training job, or "best"."""
    from cmapss_core.plans.names import check_name

    return check_name("training job", text)


def instance_type(text: str) -> str:
    """An instance type of SageMaker's."""
    if not re.fullmatch(r"ml\.[a-z0-9-]+\.[a-z0-9-]+", text):
        raise ArgumentTypeError(f"{text!r} is no instance type such as ml.m5.xlarge")
    return text


@needed
def image_uri(text: str) -> str:
    """A container image."""
    from cmapss_core.plans.limits import check_image

    return check_image(text)


@needed
def role_arn(text: str) -> str:
    """The ARN of a role."""
    from cmapss_core.plans.limits import check_role

    return check_role(text)


@needed
def model_data_uri(text: str) -> str:
    """Where in S3 a model artefact is."""
    from cmapss_core.plans.limits import check_model_data

    return check_model_data(text)


@needed
def s3_destination(text: str) -> str:
    """Where in S3 captured data go to."""
    from cmapss_core.plans.limits import check_destination

    return check_destination(text)


@needed
def bucket_name(text: str) -> str:
    """A bucket's name."""
    from cmapss_core.plans.names import check_bucket_name

    return check_bucket_name(text)


@needed
def file_of_a_model(text: str) -> str:
    """The path of a file that is there."""
    from pathlib import Path

    path = Path(text).expanduser()
    if not path.is_file():
        raise ArgumentTypeError("there is no such file")
    return str(path)


def percentage(text: str) -> int:
    """A whole number from 1 to 100."""
    value = positive_integer(text)
    if value > 100:
        raise ArgumentTypeError(f"{text!r} is above 100")
    return value


def several(text: str) -> tuple[str, ...]:
    """Names with spaces or commas between them."""
    return tuple(re.split(r"[\s,]+", text.strip())) if text.strip() else ()
