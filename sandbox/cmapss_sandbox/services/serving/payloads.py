"""An invocation's payload as rows of features, read as the XGBoost container reads it."""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from email.message import Message
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy

    Rows: TypeAlias = numpy.ndarray[Any, numpy.dtype[numpy.float64]]

_LIBSVM = ("libsvm", "text/libsvm", "text/x-libsvm")
_ACCEPTED = "'csv', 'libsvm', 'text/csv', 'text/libsvm', 'text/x-libsvm'"
_LARGEST_FLOAT32 = 3.4028235e38


class ContainerError(Exception):
    """An answer of the container other than 200: its HTTP status and its message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True)
class SparseRows:
    """Rows of which only some features are given: values by (row, column), the rest missing."""

    shape: tuple[int, int]
    values: dict[tuple[int, int], float]

    def dense(self) -> Rows:
        """The same as an array, NaN where a value is missing."""
        import numpy

        rows = numpy.full(self.shape, numpy.nan)
        if self.values:
            places = numpy.array(list(self.values))
            rows[places[:, 0], places[:, 1]] = list(self.values.values())
        return rows


def parse(body: bytes, content_type: str | None) -> Rows | SparseRows:
    """The rows of a payload; raises ContainerError 415 when it is not what its content type says.

    Without a content type the container takes it for libsvm.
    """
    is_csv = _is_csv(content_type)
    try:
        text = body.strip().decode()
        return parse_csv(text) if is_csv else _parse_libsvm(text)
    except (ValueError, OverflowError, csv.Error) as error:
        kind = "csv" if is_csv else "libsvm"
        raise ContainerError(
            415,
            f"Loading {kind} data failed with Exception, please ensure data is in {kind} format:\n"
            f" {type(error)}\n {error}",
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
    if (numpy.abs(rows) > _LARGEST_FLOAT32).any():
        raise ValueError("Input data contains `inf` or a value too large, while `missing` is not set to `inf`")
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
    widths = {len(row) for row in fields}
    if len(widths) > 1:
        raise ValueError(
            "setting an array element with a sequence. The requested array has an inhomogeneous shape: "
            f"rows of {' and '.join(map(str, sorted(widths)))} fields"
        )
    return numpy.array([[float(field) for field in row] for row in fields])


def _parse_libsvm(text: str) -> SparseRows:
    """The `index:value` items of each line; labels are passed over, repeated items are added up."""
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
    height, width = (1 + max(place[axis] for place in values) for axis in (0, 1))
    return SparseRows((height, width), values)


def _is_csv(content_type: str | None) -> bool:
    """Whether it is CSV rather than libsvm; raises ContainerError 415 for anything else."""
    if content_type is None or content_type.lower() in _LIBSVM:
        return False
    lowered = content_type.lower()
    header = Message()
    header["Content-Type"] = lowered
    media_type = lowered.partition(";")[0].strip()
    if media_type not in ("csv", "text/csv"):
        raise ContainerError(415, f"{content_type} is not an accepted ContentType: {_ACCEPTED}.")
    if header.get_param("label_size", "1") != "1":
        raise ContainerError(
            415,
            f"{lowered} is not an accepted csv ContentType. Optional parameter label_size must be equal to 1",
        )
    return True
