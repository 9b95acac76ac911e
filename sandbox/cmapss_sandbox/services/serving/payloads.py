"""An invocation's payload as rows of features, read as the XGBoost container reads it."""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from email.message import Message
from typing import TYPE_CHECKING, Any, TypeAlias

from cmapss_sandbox.services.serving.recordio import read_tensors

if TYPE_CHECKING:
    import numpy

    Array: TypeAlias = numpy.ndarray[Any, Any]
    Rows: TypeAlias = numpy.ndarray[Any, numpy.dtype[numpy.float64]]

# What the container calls each content type, in the order in which its refusal lists them.
_FORMATS = {
    "csv": "csv",
    "libsvm": "libsvm",
    "parquet": "parquet",
    "recordio-protobuf": "recordio-protobuf",
    "text/csv": "csv",
    "text/libsvm": "libsvm",
    "text/x-libsvm": "libsvm",
    "application/x-parquet": "parquet",
    "application/x-recordio-protobuf": "recordio-protobuf",
}
_LARGEST_FLOAT32 = 3.4028235e38


class ContainerError(Exception):
    """An answer of the container other than a success: its HTTP status and its message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True)
class SparseRows:
    """Rows of which only some features are given, the rest missing: a value for each row and column.

    The three arrays are of one length, the rows in ascending order.
    """

    shape: tuple[int, int]
    rows: Array
    columns: Array
    values: Array

    def dense(self, start: int, stop: int, width: int) -> Rows:
        """Some of the rows as an array with that many columns, NaN where a value is missing."""
        import numpy

        dense = numpy.full((stop - start, width), numpy.nan)
        first, last = numpy.searchsorted(self.rows, (start, stop))
        dense[self.rows[first:last] - start, self.columns[first:last]] = self.values[first:last]
        return dense


def parse(body: bytes, content_type: str | None) -> Rows | SparseRows:
    """The rows of a payload; raises ContainerError 415 when it is not what its content type says.

    Without a content type the container takes it for libsvm.
    """
    kind = _format(content_type)
    try:
        if kind == "csv":
            return parse_csv(body.strip().decode())
        rows = _parse_libsvm(body.strip().decode()) if kind == "libsvm" else _parse_recordio(body)
        _refuse_infinities(rows.values if isinstance(rows, SparseRows) else rows)
        return rows
    except Exception as error:  # as broadly as the container: whatever a payload does to it is the payload's fault
        gap = " " if kind == "recordio-protobuf" else "\n "
        raise ContainerError(
            415,
            f"Loading {kind} data failed with Exception, please ensure data is in {kind} format:"
            f"{gap}{type(error)}{gap}{error}",
        ) from error


def parse_csv(text: str) -> Rows:
    """A dense array of the lines; an empty field is a missing value. Raises ValueError or csv.Error."""
    import numpy

    lines = text.split("\n")
    delimiter = sniff_delimiter(lines[0])
    try:
        rows = numpy.loadtxt(lines, delimiter=delimiter, comments=None, ndmin=2)
    except ValueError:
        rows = None
    # Empty fields stop loadtxt and empty lines are passed over by it: the container treats them otherwise.
    if rows is None or len(rows) != len(lines):
        rows = _parse_leniently(lines, delimiter)
    _refuse_infinities(rows)
    return rows


def sniff_delimiter(first_line: str) -> str:
    """What separates the fields, as csv.Sniffer sees it in the first 512 characters of the first line.

    Of a single line without quotes it always prefers a comma, wherever there is one: that is told at once.
    """
    sample = first_line[:512]
    if "," in sample and '"' not in sample and "'" not in sample:
        return ","
    delimiter = csv.Sniffer().sniff(sample).delimiter
    return "," if delimiter.isalnum() else delimiter


def _parse_leniently(lines: list[str], delimiter: str) -> Rows:
    import numpy

    fields = [["nan" if field == "" else field for field in line.split(delimiter)] for line in lines]
    _refuse_ragged({len(row) for row in fields})
    return numpy.array([[float(field) for field in row] for row in fields])


def _parse_libsvm(text: str) -> SparseRows:
    """The `index:value` items of each line; labels are passed over, repeated items are added up."""
    import numpy

    values: defaultdict[tuple[int, int], float] = defaultdict(float)
    for row, line in enumerate(text.split("\n")):
        for item in line.split(" "):
            if ":" in item:
                column, value = item.split(":")[:2]
                if int(column) < 0:
                    raise ValueError("negative column index found")
                values[row, int(column)] += float(value)
    if not values:
        raise ValueError("cannot infer dimensions from zero sized index arrays")
    places = numpy.array(list(values), dtype=numpy.int64)
    height, width = (int(largest) + 1 for largest in places.max(axis=0))
    return SparseRows((height, width), places[:, 0], places[:, 1], numpy.array(list(values.values())))


def _parse_recordio(body: bytes) -> Rows | SparseRows:
    """The records' `values` feature, a row each; a sparse one names its columns, or is all missing."""
    import numpy

    tensors = read_tensors(body)
    if all(tensor.keys is None for tensor in tensors):
        _refuse_ragged({len(tensor.values) for tensor in tensors})
        return numpy.vstack([tensor.values for tensor in tensors]).astype(numpy.float64)
    widths, columns = set(), []
    for tensor in tensors:
        keys = numpy.arange(len(tensor.values)) if tensor.keys is None else tensor.keys.astype(numpy.int64)
        width = int(keys.max(initial=-1)) + 1 if tensor.width is None else tensor.width
        if len(keys) != len(tensor.values):
            raise ValueError("indices and data should have the same size")
        if len(keys) and not 0 <= keys.min() <= keys.max() < width:
            raise ValueError("column index exceeds matrix dimensions")
        widths.add(width)
        columns.append(keys)
    _refuse_ragged(widths)
    rows = numpy.repeat(numpy.arange(len(tensors)), [len(keys) for keys in columns])
    values = numpy.concatenate([tensor.values.astype(numpy.float64) for tensor in tensors])
    return SparseRows((len(tensors), widths.pop()), rows, numpy.concatenate(columns), values)


def _refuse_ragged(widths: set[int]) -> None:
    if len(widths) > 1:
        shown = " and ".join(map(str, sorted(widths)[:10]))
        raise ValueError(
            "setting an array element with a sequence. The requested array has an inhomogeneous shape: "
            f"rows of {shown} fields"
        )


def _refuse_infinities(values: Array) -> None:
    import numpy

    if (numpy.abs(values) > _LARGEST_FLOAT32).any():
        raise ValueError("Input data contains `inf` or a value too large, while `missing` is not set to `inf`")


def _format(content_type: str | None) -> str:
    """What the container takes a payload for; raises ContainerError 415 for what it takes nothing for."""
    if content_type is None:
        return "libsvm"
    lowered = content_type.lower()
    kind = _FORMATS.get(lowered.partition(";")[0].strip())
    if kind is None:
        raise ContainerError(415, f"{content_type} is not an accepted ContentType: {', '.join(_FORMATS)}.")
    if kind == "parquet":
        raise ContainerError(415, f"Content-type {content_type} is not supported.")
    if kind == "csv" and _label_size(lowered) != "1":
        raise ContainerError(
            415,
            f"{lowered} is not an accepted csv ContentType. Optional parameter label_size must be equal to 1",
        )
    return kind


def _label_size(content_type: str) -> object:
    if "label_size" not in content_type:
        return "1"
    header = Message()
    header["Content-Type"] = content_type.replace("\r", " ").replace("\n", " ")
    sizes = [value for name, value in header.get_params(failobj=[]) if name == "label_size"]
    return sizes[-1] if sizes else "1"
