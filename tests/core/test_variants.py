"""Variants are written in one line, and whatever cannot be deployed is refused before AWS is asked."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_core.aws import Aws, Target
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.deploy import DeployRequest, plan_deploy
from cmapss_core.plans.models.variants import VariantRequest, parse_variant
from tests.core.scripted import not_found
from tests.core.test_model_sources import IMAGE, region


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"name": "a_b"}, "endpoint name 'a_b' has '_' in it"),
        ({"instance_type": "m5.xlarge"}, "'m5.xlarge' is no instance type"),
        ({"instance_type": "ml.t2.medium"}, "burstable"),
        ({"instances": 0}, "instances 0 is below 1"),
        ({"job": "a", "model": "b"}, "job and model: a variant serves one model"),
        ({"model": "a", "model_data": "s3://b/c.tar.gz"}, "model and model data: a variant serves one model"),
        ({"variants": (VariantRequest(name="A"),)}, "no model at all: a variant serves one model"),
        ({"variants": (VariantRequest(name="A", job="a"),), "job": "b"}, "a model beside --variant"),
        ({"variants": (VariantRequest(name="A b", job="a"),)}, "variant name 'A b' has ' ' in it"),
        ({"variants": (VariantRequest(name="A", job="a"), VariantRequest(name="a", job="b"))}, "2 variants are called"),
        ({"variants": (VariantRequest(name="A", job="a", weight=0.0),)}, "no variant has a weight above 0"),
        ({"variants": (VariantRequest(name="A", job="a", weight=-1.0),)}, "weight -1 of A is below 0"),
        ({"variants": (VariantRequest(name="A", job="a", weight=float("nan")),)}, "weight nan of A"),
        ({"variants": (VariantRequest(name="A", job="a", weight=float("inf")),)}, "weight inf of A"),
        ({"variants": (VariantRequest(name="A", job="a", instances=6),), "max": 5}, "min 6 is above max 5"),
        ({"variants": tuple(VariantRequest(name=f"A{n}", job="a") for n in range(11))}, "11 variants are more than 10"),
        (
            {"variants": tuple(VariantRequest(name=n, job="a") for n in "AB"), "shadow": "best"},
            "a shadow beside 2 variants",
        ),
        ({"variants": (VariantRequest(name="Shadow", job="a"),), "shadow": "b"}, "2 variants are called shadow"),
        ({"variants": (VariantRequest(name="A", model="m", image="i"),)}, "the existing model m has its own image"),
        ({"variants": (VariantRequest(name="A", model="m"),), "image": "i"}, "the existing model m has its own image"),
        ({"model": "m", "environment": (("A", "b"),)}, "the existing model m has its own environment"),
        ({"capture": "bucket/prefix"}, "'bucket/prefix' is no S3 URI"),
        ({"capture": "s3://b/" + "a" * 512}, "characters of at most 512"),
        ({"capture": "s3://b/c", "capture_percent": 0}, "0 % of the requests cannot be captured"),
        ({"capture": "s3://b/c", "capture_percent": 101}, "101 % of the requests cannot be captured"),
        ({"bucket": "models"}, "nothing is uploaded to the bucket models"),
        ({"tags": (("cmapss-console", "a"),)}, "is the console's own"),
        ({"model": "m", "tags": (("a", "b;"),)}, "has ';' in it"),
    ],
)
def test_what_cannot_be_deployed_is_refused_before_aws_is_asked(request_: dict[str, Any], said: str) -> None:
    unreachable = Aws(Target(endpoint_url="http://127.0.0.1:1"))
    with pytest.raises(ConsoleError) as caught:
        plan_deploy(unreachable, DeployRequest(**request_))
    assert caught.value.kind is ErrorKind.INVALID
    assert said in caught.value.message
    assert unreachable.meter.total == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "'' says nothing of a variant"),
        ("Champion", "'Champion' says nothing of a variant"),
        ("name=A,jobs=b", "'jobs=b' says nothing of a variant"),
        ("name=", "name of the variant 'name=' is empty"),
        ("job=a", "the variant 'job=a' has no name"),
        ("name=A,name=B,job=a", "has name twice"),
        ("name=A,job=a,weight=heavy", "weight 'heavy' of a variant is no number"),
        ("name=A,job=a,instances=1.5", "instances '1.5' of a variant is no number"),
    ],
)
def test_a_variant_that_is_written_wrong_is_told_how(text: str, said: str) -> None:
    with pytest.raises(ConsoleError) as caught:
        parse_variant(text)
    assert caught.value.kind is ErrorKind.INVALID
    assert said in caught.value.message


def test_a_variant_is_written_in_one_line() -> None:
    assert parse_variant("name=A,model-data=s3://b/a,b/m.tar.gz,image=i:1,role=r,weight=2,instances=3") == (
        VariantRequest(name="A", model_data="s3://b/a,b/m.tar.gz", image="i:1", role="r", weight=2.0, instances=3)
    )
    assert parse_variant("name=B,model=m,instance-type=ml.c5.large").instance_type == "ml.c5.large"


names = st.text(st.sampled_from("abcXYZ019-"), min_size=1, max_size=20)


@given(names, names, st.floats(0, 1e6), st.integers(1, 10_000))
def test_whatever_a_variant_has_comes_back_from_its_line(name: str, job: str, weight: float, count: int) -> None:
    text = f"name={name},job={job},weight={weight!r},instances={count}"
    assert parse_variant(text) == VariantRequest(name=name, job=job, weight=weight, instances=count)


def test_two_variants_that_would_make_different_models_of_one_name_are_refused() -> None:
    """Both would be made of the same job, and are named after it."""
    aws = region(sagemaker_ListEndpoints={"Endpoints": []}, sagemaker_DescribeEndpointConfig=not_found())
    variants = (VariantRequest(name="A", job="job-7"), VariantRequest(name="B", job="job-7", image=IMAGE + "-cpu"))
    with pytest.raises(ConsoleError, match="variant B would serve another model job-7-model than another") as caught:
        plan_deploy(aws, DeployRequest(variants=variants))
    assert caught.value.kind is ErrorKind.INVALID
