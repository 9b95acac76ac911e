"""Small real XGBoost models, trained once for all tests that invoke an endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy

from cmapss_sandbox.region import Region
from tests.sandbox.artefacts import ROLE, production_variant, tarball

FEATURES = 25
IMAGE_REPOSITORY = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost"


@cache
def trained(seed: int = 0, rounds: int = 20) -> Any:
    """A booster over 25 features that depends on most of them."""
    import xgboost

    random = numpy.random.default_rng(seed)
    rows = random.normal(size=(500, FEATURES))
    labels = rows @ random.normal(size=FEATURES) + random.normal(size=500)
    parameters = {"max_depth": 4, "nthread": 1, "seed": seed}
    return xgboost.train(parameters, xgboost.DMatrix(rows, labels), rounds)


@cache
def classifier(objective: str, seed: int = 0) -> Any:
    """A booster over 25 features that tells two classes apart, or three when the objective is one of several."""
    import xgboost

    random = numpy.random.default_rng(seed)
    rows = random.normal(size=(300, FEATURES))
    several = objective.startswith("multi:")
    labels = numpy.digitize(rows[:, 0] + rows[:, seed + 1], (-0.5, 0.5)) if several else rows[:, seed] > 0
    parameters = {"objective": objective, "max_depth": 3, "nthread": 1, **({"num_class": 3} if several else {})}
    return xgboost.train(parameters, xgboost.DMatrix(rows, labels), 5)


def artefact_of(*boosters: Any) -> bytes:
    """A model.tar.gz with these models."""
    return tarball(**{f"xgboost_model_{n}": bytes(booster.save_raw("ubj")) for n, booster in enumerate(boosters)})


@cache
def artefact(*seeds: int) -> bytes:
    """A model.tar.gz with a model for each seed."""
    files = {f"xgboost_model_{seed}": bytes(trained(seed).save_raw("ubj")) for seed in seeds or (0,)}
    return tarball(**files)


def random_rows(count: int, seed: int = 1) -> list[list[float]]:
    """Rows of features, rounded as a file has them."""
    values = numpy.random.default_rng(seed).normal(size=(count, FEATURES)).round(4)
    rows: list[list[float]] = values.tolist()
    return rows


def as_csv(rows: list[list[float]]) -> bytes:
    """The rows as a payload."""
    return "\n".join(",".join(map(str, row)) for row in rows).encode()


def serve(
    sagemaker: Any,
    region: Region,
    name: str = "engines",
    *,
    version: str = "1.7-1",
    seeds: tuple[int, ...] = (0,),
    environment: Mapping[str, str] | None = None,
    **config: Any,
) -> None:
    """An endpoint in service, with one variant for each seed, called AllTraffic if it is the only one.

    Further members go into its endpoint config.
    """
    variants = []
    for seed in seeds:
        model = f"{name}-{seed}"
        region.objects.put("models", f"{model}/model.tar.gz", artefact(seed))
        container = {
            "Image": f"{IMAGE_REPOSITORY}:{version}",
            "ModelDataUrl": f"s3://models/{model}/model.tar.gz",
            "Environment": {**(environment or {})},
        }
        sagemaker.create_model(ModelName=model, ExecutionRoleArn=ROLE, PrimaryContainer=container)
        variant_name = "AllTraffic" if len(seeds) == 1 else f"v{seed}"
        variants.append(production_variant(model, VariantName=variant_name))
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=variants, **config)
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    region.advance(11 * 60)
