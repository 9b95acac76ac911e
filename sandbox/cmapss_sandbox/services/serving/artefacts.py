"""A model artefact, model.tar.gz, read without trusting it: nothing is unpacked to disk and nothing unpickled."""

from __future__ import annotations

import io
import tarfile
import zlib
from typing import TYPE_CHECKING

from cmapss_sandbox.services.serving.payloads import ContainerError

if TYPE_CHECKING:
    from xgboost import Booster

MAXIMUM_BYTES = 1024**3
MAXIMUM_MEMBERS = 100


def model_files(archive: bytes) -> dict[str, bytes]:
    """The files at the archive's root by name, hidden ones left out.

    Raises ValueError when it is no gzipped tar, or holds more than a model would.
    """
    files: dict[str, bytes] = {}
    size = 0
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
            for count, member in enumerate(tar, start=1):
                size += member.size
                if size > MAXIMUM_BYTES or count > MAXIMUM_MEMBERS:
                    raise ValueError(f"the archive holds more than {MAXIMUM_MEMBERS} files or {MAXIMUM_BYTES} bytes")
                name = member.name.removeprefix("./")
                if member.isreg() and "/" not in name and not name.startswith("."):
                    content = tar.extractfile(member)
                    assert content is not None  # it is a regular file
                    files[name] = content.read()
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise ValueError(f"the artefact is not a gzipped tar archive: {error}") from error
    return files


def load_boosters(archive: bytes) -> tuple[Booster, ...]:
    """Every model in the archive: the container takes each file for one and averages what they predict.

    Raises ContainerError 500, as the container answers when it cannot load its model.
    """
    from xgboost import Booster
    from xgboost.core import XGBoostError

    try:
        files = model_files(archive)
    except ValueError as error:
        raise ContainerError(500, f"Unable to load model: {error}") from error
    if not files:
        raise ContainerError(500, "Unable to load model: there is no file in the artefact")
    boosters = []
    for name, content in sorted(files.items()):
        booster = Booster()
        try:
            booster.load_model(bytearray(content))
        except (XGBoostError, ValueError) as error:
            reason = str(error).partition("\n")[0]
            raise ContainerError(
                500, f"Unable to load model: Model at /opt/ml/model/{name} cannot be loaded: {reason}"
            ) from error
        booster.set_param({"nthread": 1})
        boosters.append(booster)
    return tuple(boosters)
