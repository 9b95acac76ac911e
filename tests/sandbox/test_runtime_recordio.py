"""RecordIO-framed protobuf payloads: what the container makes of records, dense and sparse, whole and damaged."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmapss_sandbox.services.serving.container import Container, start_container
from cmapss_sandbox.services.serving.payloads import ContainerError, SparseRows, parse
from cmapss_sandbox.services.serving.recordio import read_tensors, write_record
from tests.sandbox.boosters import artefact, random_rows, trained

RECORDIO = "application/x-recordio-protobuf"
FLOAT32, FLOAT64, INT32 = 2, 3, 7
MAGIC = 0xCED7230A


@pytest.fixture(scope="module")
def container() -> Container:
    return start_container(artefact(), "sagemaker-xgboost:1.7-1")


def varint(value: int) -> bytes:
    """A number as protobuf writes it: seven bits an octet, the lowest first; negative ones as 64 bits."""
    value &= 2**64 - 1
    octets = []
    while True:
        value, low = value >> 7, value & 127
        octets.append(low | (128 if value else 0))
        if not value:
            return bytes(octets)


def field(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def framed(message: bytes) -> bytes:
    return struct.pack("<II", MAGIC, len(message)) + message + bytes(-len(message) % 4)


def record(
    values: Sequence[float],
    keys: Sequence[int] = (),
    width: int | None = None,
    kind: int = FLOAT64,
    name: str = "values",
) -> bytes:
    """One record with one feature, and the label that a training set has and inference passes over."""
    if kind == INT32:
        packed = b"".join(varint(int(value)) for value in values)
    else:
        packed = struct.pack(f"<{len(values)}{'f' if kind == FLOAT32 else 'd'}", *values)
    tensor = field(1, packed)
    if keys:
        tensor += field(2, b"".join(map(varint, keys)))
    if width is not None:
        tensor += field(3, varint(width))
    label = field(2, field(1, b"values") + field(2, field(FLOAT32, field(1, struct.pack("<f", 1.0)))))
    return framed(field(1, field(1, name.encode()) + field(2, field(kind, tensor))) + label)


def dense(payload: bytes) -> Any:
    rows = parse(payload, RECORDIO)
    return rows.dense(0, *rows.shape) if isinstance(rows, SparseRows) else rows


numbers = {
    FLOAT32: st.floats(-1e6, 1e6, width=32),
    FLOAT64: st.floats(-1e6, 1e6),
    INT32: st.integers(-(2**31), 2**31 - 1).map(float),
}
kinds = st.sampled_from(sorted(numbers))


@given(st.data(), kinds)
def test_dense_records_are_rows(data: st.DataObject, kind: int) -> None:
    width = data.draw(st.integers(1, 6))
    rows = data.draw(st.lists(st.lists(numbers[kind], min_size=width, max_size=width), min_size=1, max_size=4))
    numpy.testing.assert_array_equal(dense(b"".join(record(row, kind=kind) for row in rows)), numpy.array(rows))


@given(st.data(), kinds)
def test_sparse_records_leave_out_what_is_missing(data: st.DataObject, kind: int) -> None:
    rows = data.draw(st.lists(st.dictionaries(st.integers(0, 299), numbers[kind], max_size=5), min_size=1, max_size=4))
    expected = numpy.full((len(rows), 300), numpy.nan)
    for number, row in enumerate(rows):
        for column, value in row.items():
            expected[number, column] = value
    payload = b"".join(record(list(row.values()), list(row), 300, kind) for row in rows)
    numpy.testing.assert_array_equal(dense(payload), expected)


def test_numbers_that_are_not_packed_are_read_as_well() -> None:
    tensor = b"".join(bytes([1 << 3 | 5]) + struct.pack("<f", value) for value in (1.5, 2.5)) + bytes(
        [2 << 3, 3, 16, 0]
    )
    message = field(1, field(1, b"values") + field(2, field(FLOAT32, tensor + field(3, varint(4)))))
    numpy.testing.assert_array_equal(dense(framed(message)), [[2.5, numpy.nan, numpy.nan, 1.5]])


def test_predictions_are_those_of_the_same_rows(container: Container) -> None:
    import xgboost

    rows = random_rows(30)
    expected = trained().predict(xgboost.DMatrix(numpy.array(rows)))
    body = container.invoke(b"".join(map(record, rows)), RECORDIO, None).body
    numpy.testing.assert_array_equal(numpy.array(body.split(), dtype=numpy.float32), expected)


def test_an_answer_has_a_label_for_each_record(container: Container) -> None:
    rows = random_rows(3)
    answer = container.invoke(b"".join(map(record, rows)), RECORDIO, RECORDIO)
    assert answer.content_type == RECORDIO
    expected = container.predict(numpy.array(rows))
    assert answer.body == b"".join(write_record({"score": [float(score)]}) for score in expected)
    first = field(2, field(1, b"score") + field(2, field(FLOAT32, field(1, struct.pack("<f", expected[0])))))
    assert answer.body.startswith(framed(first))


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (b"\x00" * 8, "Invalid RecordIO magic at offset 0"),
        (record([1.0])[:-4], "Truncated record at offset 8"),
        (record([1.0]) + b"12345678", "Invalid RecordIO magic"),
        (b"1,2,3", "No records found"),
        (record([1.0], name="other"), "No records found"),
        (record([1.0]) + record([1.0, 2.0]), "inhomogeneous"),
        (record([1.0], [5], 3), "column index exceeds"),
        (record([1.0], [2**64 - 1], 3), "column index exceeds"),
        (record([1.0, 2.0], [1], 3), "same size"),
        (record([1.0], [1], 3) + record([1.0], [1], 4), "inhomogeneous"),
        (record([float("inf")]), "contains `inf`"),
        (framed(field(1, b"\x0a\xff")), "Error parsing message"),
        (framed(b"\xff" * 20), "Error parsing message"),
    ],
)
def test_what_is_no_record_is_415(payload: bytes, message: str) -> None:
    with pytest.raises(ContainerError, match=message) as refusal:
        parse(payload, RECORDIO)
    assert refusal.value.status == 415
    assert refusal.value.message.startswith("Loading recordio-protobuf data failed with Exception")


@settings(max_examples=300)
@given(st.binary(max_size=60), st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=4))
def test_damage_never_does_worse_than_a_value_error(message: bytes, damage: list[tuple[int, int]]) -> None:
    payload = bytearray(framed(message) + record([1.0, 2.0], [0, 7], 9) + record([3.0] * 5, kind=INT32))
    for place, octet in damage:
        payload[place % len(payload)] = octet
    for damaged in (bytes(payload), framed(message)):
        try:
            read_tensors(damaged)
        except ValueError:
            continue
