"""A model.tar.gz on this machine: looked into without unpacking it, and uploaded to where SageMaker can read it."""

from __future__ import annotations

import base64
import gzip
import hashlib
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO

from cmapss_core.belongings import UPLOADS
from cmapss_core.errors import ConsoleError, ErrorKind, invalid
from cmapss_core.plans.drafting import Draft
from cmapss_core.plans.plan import OWNER_TAG, Call, Proof, Step

MAX_FILE_BYTES = 5 * 1024**3  # of a single PutObject
MAX_UNPACKED_BYTES = 512 * 1024**3  # the largest volume of an instance that hosts (ProductionVariant.VolumeSizeInGB)
MODEL_NAME = "xgboost-model"  # as the XGBoost algorithm writes it; with a number behind it for each fold
_FOLDER = f"{UPLOADS}models"
_DIGEST = "sha256"
_READ_BYTES = 1024**2
_MAX_HEADER_BYTES = 16 * 1024**2


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A packed model: its size in bytes, the SHA-256 of its content, and the files in it that the container loads."""

    path: str
    size: int
    sha256: str
    models: tuple[str, ...]


class _Unzipped(gzip.GzipFile):
    """What is in a gzip file; nothing in it can ask for more memory than a tar's header takes."""

    def read(self, size: int | None = -1) -> bytes:
        if size is None or not 0 <= size <= _MAX_HEADER_BYTES:
            raise tarfile.ReadError("a header of it is too large")
        return super().read(size)


def read_model_file(path: str) -> ModelFile:
    """Read a model.tar.gz; nothing is unpacked, and nothing unpickled.

    Raises ConsoleError for what is no model that SageMaker's XGBoost container could load.
    """
    try:
        with open(path, "rb") as file:
            size = file.seek(0, 2)
            if size > MAX_FILE_BYTES:
                raise invalid(
                    f"{path} has {size / 1024**3:.1f} GB, and one upload takes {MAX_FILE_BYTES // 1024**3}",
                    "Upload it by other means, and deploy it with --model-data.",
                )
            file.seek(0)
            digest = hashlib.file_digest(file, _DIGEST).hexdigest()
            file.seek(0)
            models = tuple(_models(path, file))
    except (gzip.BadGzipFile, tarfile.TarError, EOFError, zlib.error) as error:
        raise invalid(
            f"{path} is no tar archive packed with gzip ({error or 'it ends too early'})",
            "Make one: tar -czf model.tar.gz xgboost-model.",
        ) from error
    except OSError as error:
        raise invalid(f"{path} cannot be read ({error.strerror or error})", "Name a model.tar.gz.") from error
    if not any(name.startswith(MODEL_NAME) for name in models):
        raise invalid(
            f"{path} has no {MODEL_NAME} in it",
            f"Save the model as {MODEL_NAME} and pack it: tar -czf model.tar.gz {MODEL_NAME}.",
        )
    return ModelFile(path, size, digest, models)


def upload(draft: Draft, file: ModelFile, bucket: str) -> tuple[str, Step]:
    """Where the file will be in S3, and the step that uploads it; what is there already stays as it is.

    The address is the plan's own: taken back, it takes nothing away from another. S3 refuses a file that has changed
    since it was read.
    """
    key = f"{_FOLDER}/{draft.id}/model.tar.gz"
    uri = f"s3://{bucket}/{key}"
    place = {"Bucket": bucket, "Key": key}
    head = Call("s3", "HeadObject", place)
    step = Step(
        title="upload model",
        detail=f"{file.path} ({file.size / 1e6:.1f} MB) to {uri}",
        call=Call(
            "s3",
            "PutObject",
            {
                **place,
                "Metadata": {_DIGEST: file.sha256, OWNER_TAG: draft.id},
                "ChecksumSHA256": base64.b64encode(bytes.fromhex(file.sha256)).decode(),
            },
            file=file.path,
        ),
        proof=Proof(call=head, shows={"ContentLength": (file.size,), f"Metadata.{_DIGEST}": (file.sha256,)}),
        undo=Step(
            title="delete uploaded model",
            detail=uri,
            call=Call("s3", "DeleteObject", place),
            proof=Proof(
                call=head,
                gone=True,
                unchanged={f"Metadata.{_DIGEST}": (file.sha256,), f'Metadata."{OWNER_TAG}"': (draft.id,)},
            ),
        ),
    )
    return uri, step


def check_bucket(draft: Draft, bucket: str) -> None:
    """Raises ConsoleError where the bucket is not there, may not be asked about, or is in another region."""
    try:
        answer = draft.aws.call("s3", "HeadBucket", Bucket=bucket)
    except ConsoleError as error:
        if error.kind is ErrorKind.NOT_FOUND:
            raise error.told_as(f"there is no bucket {bucket!r}", "Name another one: --bucket.") from error
        if error.kind is ErrorKind.DENIED:
            raise error.told_as(
                f"the bucket {bucket} may not be used",
                "Ask for s3:ListBucket on it, and s3:PutObject and s3:GetObject within, or name another --bucket.",
            ) from error
        raise
    region = answer.get("BucketRegion", draft.aws.region)
    if region != draft.aws.region:
        raise invalid(
            f"the bucket {bucket} is in {region}, and the endpoint in {draft.aws.region}",
            "An endpoint reads its model in its own region: name another --bucket.",
        )


def _models(path: str, file: BinaryIO) -> Iterator[str]:
    """The names of what the container loads: regular files at the archive's root that are not hidden."""
    unpacked = 0
    with _Unzipped(fileobj=file) as unzipped:
        with tarfile.open(fileobj=unzipped, mode="r:") as archive:
            for member in archive:
                unpacked += member.size
                if unpacked > MAX_UNPACKED_BYTES:
                    raise invalid(
                        f"{path} unpacks to more than {MAX_UNPACKED_BYTES // 1024**3} GB",
                        "No instance that hosts has room for it.",
                    )
                name = PurePosixPath(member.name)
                if name.is_absolute() or ".." in name.parts or not (member.isreg() or member.isdir()):
                    raise invalid(
                        f"{path} has {member.name!r} in it, which is no file within a folder",
                        "Pack plain files by relative names, without links.",
                    )
                if member.isreg() and len(name.parts) == 1 and not name.name.startswith("."):
                    yield name.name
        while unzipped.read(_READ_BYTES):  # to where gzip keeps the checksum of it all
            pass
