"""A model artefact, model.tar.gz, read without trusting it: nothing is unpacked to disk and nothing unpickled."""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from typing import TYPE_CHECKING

from cmapss_sandbox.services.serving.model_format import check_format
from cmapss_sandbox.services.serving.payloads import ContainerError

if TYPE_CHECKING:
    from xgboost import Booster

MAXIMUM_BYTES = 512 * 1024**2
MAXIMUM_MEMBERS = 100
_PICKLE = b"\x80"  # how every pickle since protocol 2 begins, and no model of XGBoost's own formats


def model_files(archive: bytes) -> dict[str, bytes]:
    """The files at the archive's root by name, hidden ones left out.

    Raises ValueError when it is no gzipped tar, or holds more than a model would.
    """
    files: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(_unzipped(archive)), mode="r:") as tar:
            for count, member in enumerate(tar, start=1):
                if count > MAXIMUM_MEMBERS:
                    raise _too_much()
                name = member.name.removeprefix("./")
                if member.isreg() and "/" not in name and not name.startswith("."):
                    content = tar.extractfile(member)
                    assert content is not None  # it is a regular file
                    files[name] = content.read()
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise ValueError(f"the artefact is not a gzipped tar archive: {error}") from error
    return files


def load_boosters(archive: bytes, *, ensemble: bool = True) -> tuple[Booster, ...]:
    """Every model in the archive, of which the container averages the predictions; only the first without `ensemble`.

    Raises ContainerError 500, as the container answers when it cannot load its model.
    """
    try:
        files = model_files(archive)
    except ValueError as error:
        raise ContainerError(500, f"Unable to load model: {error}") from error
    if not files:
        raise ContainerError(500, "Unable to load model: there is no file in the artefact")
    named = sorted(files.items())
    return tuple(_load(name, content) for name, content in (named if ensemble else named[:1]))


def _load(name: str, content: bytes) -> Booster:
    from xgboost import Booster
    from xgboost.core import XGBoostError

    booster = Booster()
    try:
        if content.startswith(_PICKLE):
            raise ValueError("it is a pickle, which the sandbox does not load; save the model with Booster.save_model")
        check_format(content)
        booster.load_model(bytearray(content))
    except (XGBoostError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise ContainerError(
            500, f"Unable to load model: Model at /opt/ml/model/{name} cannot be loaded: {reason}"
        ) from error
    booster.set_param({"nthread": 1})
    return booster


def _unzipped(archive: bytes) -> bytes:
    """The archive without its compression, as long as it is of a model's size."""
    with gzip.GzipFile(fileobj=io.BytesIO(archive)) as file:
        content = file.read(MAXIMUM_BYTES + 1)
    if len(content) > MAXIMUM_BYTES:
        raise _too_much()
    return content


def _too_much() -> ValueError:
    return ValueError(f"the archive holds more than {MAXIMUM_MEMBERS} files or {MAXIMUM_BYTES} bytes")
