"""What the runtime refuses, in AWS's words, and payloads and artefacts that mean harm: none is a failure of its own."""

from __future__ import annotations

import gzip
import pickle
import shutil
import struct
import tarfile
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.services import install
from cmapss_sandbox.services.serving import artefacts
from cmapss_sandbox.services.serving.artefacts import load_boosters, model_files
from cmapss_sandbox.services.serving.container import Container, start_container
from cmapss_sandbox.services.serving.model_format import check_format
from cmapss_sandbox.services.serving.payloads import ContainerError
from tests.sandbox.artefacts import make_endpoint, tarball
from tests.sandbox.boosters import artefact, as_csv, random_rows, serve, trained
from tests.sandbox.conftest import NOON, Clients
from tests.sandbox.invoking import invoke

BODY = as_csv(random_rows(1))


@pytest.fixture(scope="module")
def container() -> Container:
    return start_container(artefact(), "sagemaker-xgboost:1.7-1")


def test_an_empty_body_has_no_content(clients: Clients, region: Region, runtime: Any) -> None:
    serve(clients("sagemaker"), region)
    answer = invoke(runtime, b"")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert answer["Body"].read() == b""
    assert answer["InvokedProductionVariant"] == "AllTraffic"


@pytest.mark.parametrize(
    ("body", "members", "status", "said"),
    [
        (b"1,2\n3", {}, 415, "Loading csv data failed with Exception, please ensure data is in csv format"),
        (b"{}", {"ContentType": "application/json"}, 415, "application/json is not an accepted ContentType: csv, "),
        (b"1", {"ContentType": "text/csv; label_size=2"}, 415, "Optional parameter label_size must be equal to 1"),
        (as_csv([[1.0] * 26]), {}, 400, "Unable to evaluate payload provided: Check failed: learner_model_param_."),
        (BODY, {"Accept": "image/png"}, 406, "Accept type image/png is not supported. Please use supported accept"),
    ],
)
def test_the_containers_refusals_are_model_errors(
    clients: Clients, region: Region, runtime: Any, body: bytes, members: dict[str, str], status: int, said: str
) -> None:
    serve(clients("sagemaker"), region)
    with pytest.raises(
        ClientError, match=rf"\(ModelError\).*Received client error \({status}\) from primary"
    ) as refusal:
        invoke(runtime, body, **members)
    answer: dict[str, Any] = {**refusal.value.response}
    assert (answer["ResponseMetadata"]["HTTPStatusCode"], answer["OriginalStatusCode"]) == (424, status)
    assert said in answer["OriginalMessage"]
    assert answer["LogStreamArn"].endswith(":log-group:/aws/sagemaker/Endpoints/engines")
    events = clients("logs").filter_log_events(
        logGroupName="/aws/sagemaker/Endpoints/engines", filterPattern=f'"{said}"'
    )["events"]
    assert [event["message"] for event in events] == [answer["OriginalMessage"]]


def test_what_a_container_says_is_cut_to_what_the_runtime_passes_on(
    clients: Clients, region: Region, runtime: Any
) -> None:
    serve(clients("sagemaker"), region)
    with pytest.raises(ClientError) as refusal:
        invoke(runtime, b"x" * 1_000_000 + b",1")
    assert len({**refusal.value.response}["OriginalMessage"]) == 2048  # type: ignore[arg-type]  # it is a string


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"InferenceComponentName": "component"}, "Inference Component Name header is not allowed for endpoints"),
        ({"TargetModel": "model.tar.gz"}, "Target Model header is only allowed for multi-model endpoints"),
        ({"TargetContainerHostname": "second"}, "Target Container Hostname header is only allowed for multi-container"),
        (
            {"EnableExplanations": "`true`"},
            "Enable Explanations header is only allowed for endpoints with an expl",
        ),
        ({"TargetVariant": "alltraffic"}, "Variant alltraffic of endpoint engines not found."),
        ({"EndpointName": "Engines"}, "Endpoint Engines of account 000000000000 not found."),
        ({"CustomAttributes": "x" * 1025}, "Member must have length less than or equal to 1024"),
        ({"InferenceId": "x" * 65}, "Member must have length less than or equal to 64"),
    ],
)
def test_what_an_endpoint_has_not_is_a_validation_error(
    clients: Clients, region: Region, runtime: Any, members: dict[str, str], said: str
) -> None:
    serve(clients("sagemaker"), region)
    with pytest.raises(ClientError, match=rf"\(ValidationError\).*{said}") as refusal:
        invoke(runtime, BODY, **members)
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_what_the_container_passes_over_changes_nothing(clients: Clients, region: Region, runtime: Any) -> None:
    serve(clients("sagemaker"), region)
    plain = invoke(runtime, BODY)
    told = invoke(runtime, BODY, SessionId="NEW_SESSION", InferenceId="id 1", CustomAttributes="trace=~!")
    assert told["Body"].read() == plain["Body"].read()
    assert not told.keys() & {"NewSessionId", "CustomAttributes"}


def test_there_is_no_asynchronous_endpoint_and_no_stream(clients: Clients, region: Region, runtime: Any) -> None:
    serve(clients("sagemaker"), region)
    with pytest.raises(ClientError, match=r"\(ValidationError\).*engines is not configured for asynchronous inference"):
        runtime.invoke_endpoint_async(EndpointName="engines", InputLocation="s3://data/rows.csv")
    with pytest.raises(ClientError, match=r"\(ValidationError\).*does not support response streaming"):
        runtime.invoke_endpoint_with_response_stream(EndpointName="engines", Body=BODY)
    with pytest.raises(ClientError, match="Endpoint absent of account 000000000000 not found"):
        runtime.invoke_endpoint_async(EndpointName="absent", InputLocation="s3://data/rows.csv")


def test_after_a_restart_a_container_starts_with_its_first_request(
    clients: Clients, region: Region, runtime: Any
) -> None:
    serve(clients("sagemaker"), region)
    expected = invoke(runtime, BODY)["Body"].read()
    again = _restarted(region)
    again[0].objects.put("models", "engines-0/model.tar.gz", artefact(1))
    answer = _call(again, Body=BODY, ContentType="text/csv")
    assert answer["Body"] != expected, "the artefact is fetched anew"
    again[0].objects.delete("models", "engines-0/model.tar.gz")
    assert _call(again, Body=BODY, ContentType="text/csv")["Body"] == answer["Body"]
    again[0].close()


def test_a_model_that_cannot_be_loaded_is_the_servers_error_each_time(clients: Clients, region: Region) -> None:
    from cmapss_sandbox.errors import AwsError

    make_endpoint(clients("sagemaker"), region)
    region.advance(11 * 60)
    region.objects.put("models", "small/model.tar.gz", tarball(xgboost_model=b"weights"))
    again = _restarted(region)
    for _ in range(2):
        with pytest.raises(AwsError, match=r"Received server error \(500\) from primary") as refusal:
            _call(again, Body=BODY, ContentType="text/csv")
        assert refusal.value.members["OriginalMessage"].startswith("Unable to load model: Model at /opt/ml/model/")
    again[0].close()


def _restarted(region: Region) -> tuple[Region, Any]:
    """What the region would be if it were killed now and started again, and its InvokeEndpoint."""
    state = region.state.with_name("killed")
    with region.lock:
        shutil.copytree(region.state, state)
    again = Region(state, paused=True, now=NOON, strict=True)
    return again, install(again)["sagemaker-runtime"].operations["InvokeEndpoint"]


def _call(restarted: tuple[Region, Any], **members: Any) -> dict[str, Any]:
    region, operation = restarted
    context = RequestContext("sagemaker-runtime", "InvokeEndpoint", "sandbox", region.name, {}, "id")
    answer: dict[str, Any] = operation(region, {"EndpointName": "engines", **members}, context)
    return answer


content_types = st.sampled_from(
    [None, "text/csv", "text/libsvm", "application/x-recordio-protobuf", "text/csv;label_size", "", "\x00", "image/x"]
)
accepts = st.sampled_from([None, "application/json", "application/x-recordio-protobuf", "text/csv;q=1", "é", ";"])
hostile = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=200).map(str.encode),
    st.lists(
        st.sampled_from([*"1,: \n\x00\r\"'\t٣", "1e999", "nan", "-inf", "0x1p3", "1_0", "9" * 400]), max_size=40
    ).map(lambda parts: "".join(parts).encode()),
    st.integers(0, 2**32 - 1).map(lambda length: struct.pack("<II", 0xCED7230A, length) + b"\x0a\x05"),
)


def _status(act: Callable[[], object]) -> int:
    try:
        act()
    except ContainerError as error:
        return error.status
    return 200


@settings(max_examples=300)
@given(hostile, content_types, accepts)
def test_any_payload_is_answered_or_refused(
    container: Container, body: bytes, content_type: str | None, accept: str | None
) -> None:
    assert _status(lambda: container.invoke(body, content_type, accept)) in (200, 400, 406, 415)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_payload_is_a_failure_of_the_sandbox(
    clients: Clients, region: Region, runtime: Any, data: st.DataObject
) -> None:
    if "engines" not in region.table("endpoints"):
        serve(clients("sagemaker"), region)
    members = {"ContentType": data.draw(content_types), "Accept": data.draw(accepts)}
    sent = {name: value for name, value in members.items() if value and value.isprintable() and value.isascii()}
    code = ""
    try:
        runtime.invoke_endpoint(EndpointName="engines", Body=data.draw(hostile), **sent)
    except ClientError as error:
        code = error.response["Error"]["Code"]
    assert code in ("", "ModelError")


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"," * 1_000_000, "text/csv", 400),
        (b"1," * 1_000_000 + b"1", "text/csv", 400),
        (b" ".join(b"%d:1" % column for column in range(0, 1_000_000, 7)), "text/libsvm", 400),
        (b"1" * 6_000_000, "text/csv", 415),
        (b"4000000000:1", "text/libsvm", 400),
    ],
    ids=["commas", "a million columns", "a million sparse ones", "one long number", "a far column"],
)
def test_large_payloads_are_refused(container: Container, body: bytes, content_type: str, status: int) -> None:
    with pytest.raises(ContainerError) as refusal:
        container.invoke(body, content_type, None)
    assert refusal.value.status == status


def test_many_empty_rows_are_predicted_all(container: Container) -> None:
    body = container.invoke(b"0:1" + b"\n" * 200_000 + b"0:1", "text/libsvm", None).body
    assert body.count(b"\n") == 200_001


def _tar_with(name: str, size: int, kind: bytes) -> bytes:
    """An archive whose only header promises so many bytes and is followed by zeros."""
    header = tarfile.TarInfo(name)
    header.size, header.type = size, kind
    return header.tobuf()


@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE])
def test_an_archive_that_unpacks_to_too_much_is_refused_in_time(monkeypatch: pytest.MonkeyPatch, kind: bytes) -> None:
    monkeypatch.setattr(artefacts, "MAXIMUM_BYTES", 1_000_000)
    bomb = BytesIO()
    with gzip.GzipFile(fileobj=bomb, mode="wb", compresslevel=9) as file:
        file.write(_tar_with("xgboost-model", 8 * 1024**3, kind))
        for _ in range(64):
            file.write(bytes(1024 * 1024))
    assert len(bomb.getvalue()) < 200_000
    with pytest.raises(ValueError, match="more than 100 files or 1000000 bytes"):
        model_files(bomb.getvalue())


@pytest.mark.parametrize("format_", ["ubj", "json"])
def test_a_model_is_whole_or_refused(format_: str) -> None:
    model = bytes(trained(0, 3).save_raw(format_))
    check_format(model)
    for end in {*range(0, len(model), 97), len(model) - 1}:
        with pytest.raises(ValueError, match=r"is broken|is empty|line 1"):
            check_format(model[:end])
    with pytest.raises(ValueError, match=r"ends at byte|Extra data"):
        check_format(model + b"x")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{L" + (2**62).to_bytes(8, "big") + b"x",
        b"{L" + bytes(7) + b"\x01a[$d#L" + (2**40).to_bytes(8, "big"),
        b"{L" + bytes(7) + b"\x01a" + b"[" * 200,
        b"{L" + bytes(7) + b"\x01a?}",
        b'{"a":' * 100_000,
    ],
    ids=["empty", "a long name", "a long array", "deep", "no marker", "deep JSON"],
)
def test_a_model_that_xgboost_would_not_come_back_from_is_refused(content: bytes) -> None:
    with pytest.raises(
        ContainerError, match="Unable to load model: Model at /opt/ml/model/xgboost-model cannot be loaded"
    ):
        load_boosters(tarball(xgboost_model=content))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 2000))
def test_any_artefact_is_loaded_or_refused(noise: bytes, place: int) -> None:
    for archive in (noise, artefact()[:place] + noise, gzip.compress(noise), tarball(xgboost_model=noise)):
        assert _status(partial(load_boosters, archive)) in (200, 500)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickled_model_is_refused_with_the_way_out(protocol: int) -> None:
    pickled = pickle.dumps(trained(), protocol)
    with pytest.raises(
        ContainerError, match="is a pickle, which the sandbox does not load; save the model with"
    ) as refusal:
        load_boosters(tarball(xgboost_model=pickled))
    assert refusal.value.message.startswith(
        "Unable to load model: Model at /opt/ml/model/xgboost-model cannot be loaded"
    )


def test_nothing_is_unpacked_to_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    load_boosters(artefact())
    assert list(tmp_path.iterdir()) == []
