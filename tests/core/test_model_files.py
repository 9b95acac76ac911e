"""A packed model is looked into without being unpacked; what no container could load is refused in one line."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import itertools
import tarfile
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.drafting import drafting
from cmapss_core.plans.models import files as model_files
from cmapss_core.plans.models.files import check_bucket, read_model_file, upload
from tests.core.scripted import ScriptedAws, not_found


def packed(*members: tarfile.TarInfo | str, body: bytes = b"\0" * 700) -> bytes:
    """A model.tar.gz of these members; a name alone stands for a plain file."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for member in members:
            entry = tarfile.TarInfo(member) if isinstance(member, str) else member
            if entry.isreg():
                entry.size = len(body)
            archive.addfile(entry, io.BytesIO(body))
    return buffer.getvalue()


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, target
    return entry


def on_disk(folder: Path, content: bytes) -> str:
    path = folder / "model.tar.gz"
    path.write_bytes(content)
    return str(path)


def test_size_digest_and_models_are_known_before_anything_is_sent(tmp_path: Path) -> None:
    content = packed("xgboost-model")
    file = read_model_file(on_disk(tmp_path, content))
    assert (file.size, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert file.models == ("xgboost-model",)
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.tar.gz"], "nothing was unpacked"


def test_all_that_the_container_would_average_is_counted_and_nothing_else(tmp_path: Path) -> None:
    folder = special("code", tarfile.DIRTYPE)
    content = packed("./xgboost-model-0", "xgboost-model-1", ".hidden", folder, "code/inference.py")
    assert read_model_file(on_disk(tmp_path, content)).models == ("xgboost-model-0", "xgboost-model-1")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no tar archive packed with gzip"),
        (b"PK\x03\x04 a zip", "no tar archive packed with gzip"),
        (gzip.compress(b"not a tar at all" * 100), "no tar archive packed with gzip"),
        (gzip.compress(b""), "no tar archive packed with gzip"),
        (packed("model.json"), "no xgboost-model in it"),
        (packed("model/xgboost-model"), "no xgboost-model in it"),
        (packed(), "no xgboost-model in it"),
        (packed("../xgboost-model"), "no file within a folder"),
        (packed("xgboost-model", "a/../../b"), "no file within a folder"),
        (packed("/xgboost-model"), "no file within a folder"),
        (packed(special("xgboost-model", tarfile.SYMTYPE, "/etc/passwd")), "no file within a folder"),
        (packed("xgboost-model", special("other", tarfile.LNKTYPE, "xgboost-model")), "no file within a folder"),
        (packed("xgboost-model", special("pipe", tarfile.FIFOTYPE)), "no file within a folder"),
    ],
    ids=itertools.count(),  # the contents have their time of making in them
)
def test_what_no_container_could_load_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(ConsoleError, match=said) as caught:
        read_model_file(on_disk(tmp_path, content))
    assert caught.value.kind is ErrorKind.INVALID
    assert "\n" not in caught.value.line()


def test_a_file_that_is_not_there_or_is_a_folder_is_told_by_its_name(tmp_path: Path) -> None:
    for path in (tmp_path / "none.tar.gz", tmp_path):
        with pytest.raises(ConsoleError, match=f"{path.name} cannot be read") as caught:
            read_model_file(str(path))
        assert caught.value.kind is ErrorKind.INVALID


def test_a_file_larger_than_one_upload_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large.tar.gz"
    with path.open("wb") as file:
        file.truncate(model_files.MAX_FILE_BYTES + 1)  # a hole, which takes no room
    with pytest.raises(ConsoleError, match=r"has 5\.0 GB, and one upload takes 5") as caught:
        read_model_file(str(path))
    assert "--model-data" in caught.value.remedy


def test_an_archive_that_claims_to_unpack_to_more_than_a_volume_is_refused(tmp_path: Path) -> None:
    entry = tarfile.TarInfo("xgboost-model")
    entry.size = model_files.MAX_UNPACKED_BYTES + 1
    content = gzip.compress(entry.tobuf() + bytes(1024))
    with pytest.raises(ConsoleError, match="unpacks to more than 512 GB"):
        read_model_file(on_disk(tmp_path, content))


def test_a_header_that_asks_for_a_gigabyte_of_memory_is_refused(tmp_path: Path) -> None:
    entry = special("././@LongLink", tarfile.GNUTYPE_LONGNAME)
    entry.size = 1024**3
    content = gzip.compress(entry.tobuf() + bytes(1024))
    with pytest.raises(ConsoleError, match="a header of it is too large"):
        read_model_file(on_disk(tmp_path, content))


WHOLE = packed("xgboost-model", body=bytes(range(256)) * 40)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_a_damaged_file_is_never_taken_for_a_whole_one(tmp_path: Path, at: int, change: int) -> None:
    cut = on_disk(tmp_path, WHOLE[:at])
    with pytest.raises(ConsoleError):
        read_model_file(cut)
    damaged = on_disk(tmp_path, WHOLE[:at] + bytes([WHOLE[at] ^ change]) + WHOLE[at + 1 :])
    if _unzips_to_the_same(Path(damaged)):  # some bits are nobody's
        assert read_model_file(damaged).models == ("xgboost-model",)
        return
    with pytest.raises(ConsoleError) as caught:
        read_model_file(damaged)
    assert caught.value.kind is ErrorKind.INVALID


def _unzips_to_the_same(path: Path) -> bool:
    try:
        return gzip.decompress(path.read_bytes()) == gzip.decompress(WHOLE)
    except (OSError, EOFError, zlib.error):
        return False


def test_the_upload_is_proved_by_size_and_digest_and_taken_back_only_if_it_is_this_plans(tmp_path: Path) -> None:
    file = read_model_file(on_disk(tmp_path, packed("xgboost-model")))
    with drafting(ScriptedAws({}), "deploy") as draft:
        uri, step = upload(draft, file, "models")
    assert uri == f"s3://models/cmapss-console/models/{draft.id}/model.tar.gz"
    assert step.call is not None
    assert step.call.file == file.path
    assert step.call.parameters["Metadata"] == {"sha256": file.sha256, "cmapss-console": draft.id}
    assert base64.b64decode(step.call.parameters["ChecksumSHA256"]).hex() == file.sha256
    assert dict(step.proof.shows) == {"ContentLength": (file.size,), "Metadata.sha256": (file.sha256,)}
    assert step.undo is not None
    assert dict(step.undo.proof.unchanged) == {
        "Metadata.sha256": (file.sha256,),
        'Metadata."cmapss-console"': (draft.id,),
    }
    assert {"s3:PutObject", "s3:GetObject"} <= set(step.iam_actions)


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (not_found(), ErrorKind.NOT_FOUND, "there is no bucket 'models'"),
        (
            ConsoleError(ErrorKind.DENIED, "Forbidden", code="403"),
            ErrorKind.DENIED,
            "the bucket models may not be used",
        ),
        ({"BucketRegion": "eu-west-1"}, ErrorKind.INVALID, "is in eu-west-1, and the endpoint in us-east-1"),
    ],
)
def test_a_bucket_that_cannot_take_the_file_is_refused(
    answer: dict[str, str] | ConsoleError, kind: ErrorKind, said: str
) -> None:
    with drafting(ScriptedAws({"s3:HeadBucket": answer}), "deploy") as draft, pytest.raises(ConsoleError) as caught:
        check_bucket(draft, "models")
    assert caught.value.kind is kind
    assert said in caught.value.message


def test_a_bucket_of_the_region_is_good_and_reading_it_is_noted() -> None:
    aws = ScriptedAws({"s3:HeadBucket": {"BucketRegion": "us-east-1"}})
    with drafting(aws, "deploy") as draft:
        check_bucket(draft, "models")
    assert list(draft.recording.actions) == ["s3:ListBucket"]
