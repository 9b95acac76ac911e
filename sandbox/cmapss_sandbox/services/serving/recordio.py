"""RecordIO-framed protobuf `Record` messages: the features of requests read, the labels of answers written.

The message is SageMaker's common data format (package aialgs.data): a record maps feature names to tensors, of which
inference reads `values`. https://docs.aws.amazon.com/sagemaker/latest/dg/cdf-training.html
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, Any]

_MAGIC = 0xCED7230A
_HEADER = struct.Struct("<II")
_FEATURES, _LABEL = 1, 2  # of Record
_FLOAT32, _FLOAT64, _INT32 = 2, 3, 7  # of Value
_VALUES, _KEYS, _SHAPE = 1, 2, 3  # of each tensor
_KEY, _VALUE = 1, 2  # of a map's entry
_VARINT, _EIGHT_BYTES, _LENGTH_DELIMITED, _FOUR_BYTES = 0, 1, 2, 5
_LONGEST_VARINT = 10


@dataclass(frozen=True, slots=True)
class Tensor:
    """One record's features: dense without keys, else the value at each key; the width where the record says it."""

    values: Array
    keys: Array | None
    width: int | None


def read_tensors(payload: bytes) -> list[Tensor]:
    """The `values` feature of every record that has one; raises ValueError for what is no such payload."""
    tensors = [tensor for record in _records(memoryview(payload)) if (tensor := _features(record)) is not None]
    if not tensors:
        raise ValueError("No records found in RecordIO-Protobuf data")
    return tensors


def write_record(labels: Mapping[str, Sequence[float]]) -> bytes:
    """One framed record with a float32 tensor for each label."""
    record = b""
    for name, values in labels.items():
        tensor = _delimited(_VALUES, struct.pack(f"<{len(values)}f", *values))
        value = _delimited(_FLOAT32, tensor)
        record += _delimited(_LABEL, _delimited(_KEY, name.encode()) + _delimited(_VALUE, value))
    return _HEADER.pack(_MAGIC, len(record)) + record + bytes(-len(record) % 4)


def _records(payload: memoryview) -> Iterator[memoryview]:
    offset = 0
    while offset + _HEADER.size <= len(payload):
        magic, length = _HEADER.unpack_from(payload, offset)
        if magic != _MAGIC:
            raise ValueError(f"Invalid RecordIO magic at offset {offset}")
        offset += _HEADER.size
        padded = length + -length % 4
        if offset + padded > len(payload):
            raise ValueError(f"Truncated record at offset {offset}")
        yield payload[offset : offset + length]
        offset += padded


def _features(record: memoryview) -> Tensor | None:
    found = None
    for number, entry in _messages(record):
        if number == _FEATURES:
            parts = dict(_messages(entry))
            if bytes(parts.get(_KEY, b"")) == b"values":
                found = _tensor(parts.get(_VALUE, memoryview(b"")))
    return found


def _tensor(value: memoryview) -> Tensor | None:
    import numpy

    kinds = [(number, message) for number, message in _messages(value) if number in (_FLOAT32, _FLOAT64, _INT32)]
    if not kinds:
        return None
    kind, message = kinds[-1]
    parts: dict[int, list[Array]] = {_VALUES: [], _KEYS: [], _SHAPE: []}
    for number, _, raw in _fields(message):
        if number == _VALUES and kind != _INT32:
            # Packed or one by one, the numbers lie there as they are.
            parts[_VALUES].append(numpy.frombuffer(raw, "<f4" if kind == _FLOAT32 else "<f8"))
        elif number in parts:
            parts[number].append(_varints(raw))
    values, keys, shape = (numpy.concatenate(found) if found else numpy.empty(0) for found in parts.values())
    if kind == _INT32:
        values = values.astype(numpy.uint64).astype(numpy.uint32).astype(numpy.int32)
    sparse = keys.size > 0 or (values.size == 0 and shape.size > 0)
    return Tensor(values, keys if sparse else None, int(shape[0]) if shape.size else None)


def _messages(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    return ((number, raw) for number, wire_type, raw in _fields(message) if wire_type == _LENGTH_DELIMITED)


def _fields(message: memoryview) -> Iterator[tuple[int, int, memoryview]]:
    """Number, wire type and bytes of each field of a protobuf message."""
    offset = 0
    while offset < len(message):
        tag, offset = _varint(message, offset)
        wire_type = tag & 7
        if wire_type == _LENGTH_DELIMITED:
            length, offset = _varint(message, offset)
        elif wire_type == _VARINT:
            length = _varint(message, offset)[1] - offset
        elif wire_type in (_EIGHT_BYTES, _FOUR_BYTES):
            length = 8 if wire_type == _EIGHT_BYTES else 4
        else:
            raise ValueError(f"Error parsing message: a field has the wire type {wire_type}")
        if offset + length > len(message):
            raise ValueError("Error parsing message: it ends within a field")
        yield tag >> 3, wire_type, message[offset : offset + length]
        offset += length


def _varint(message: memoryview, offset: int) -> tuple[int, int]:
    value = 0
    for place, byte in enumerate(message[offset : offset + _LONGEST_VARINT]):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, offset + place + 1
    raise ValueError("Error parsing message: a number does not end")


def _varints(raw: memoryview) -> Array:
    """All the numbers of a packed field, as uint64."""
    import numpy

    octets = numpy.frombuffer(raw, numpy.uint8)
    ends = numpy.flatnonzero(octets < 0x80)
    if octets.size == 0:
        return numpy.empty(0, numpy.uint64)
    starts = numpy.concatenate(([0], ends[:-1] + 1))
    lengths = ends - starts[: len(ends)] + 1
    if octets[-1] >= 0x80 or lengths.max() > _LONGEST_VARINT:
        raise ValueError("Error parsing message: a number does not end")
    places = numpy.arange(octets.size) - numpy.repeat(starts, lengths)
    parts = (octets & 0x7F).astype(numpy.uint64) << (7 * places).astype(numpy.uint64)
    return numpy.bitwise_or.reduceat(parts, starts)


def _delimited(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | _LENGTH_DELIMITED]) + _varint_of(len(content)) + content


def _varint_of(value: int) -> bytes:
    octets = bytearray()
    while value > 0x7F:
        octets.append(value & 0x7F | 0x80)
        value >>= 7
    octets.append(value)
    return bytes(octets)
