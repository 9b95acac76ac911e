"""Training channels: SageMaker's CSV, the label first and no header, and LIBSVM, as XGBoost wants them."""

from __future__ import annotations

import csv
import gzip
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from cmapss_sandbox.training.hyperparameters import CustomerError

_CACHED = 4
_GZIP_MAGIC = b"\x1f\x8b"
_LINE_SHOWN = 50
_LINE_SNIFFED = 512
_CSV = ("csv", "text/csv")
_LIBSVM = ("libsvm", "text/libsvm", "text/x-libsvm")
# What the container reads besides, and this region does not.
_FURTHER = ("parquet", "recordio-protobuf", "application/x-parquet", "application/x-recordio-protobuf")

_Key = tuple[Any, ...]


class Channels:
    """Reads channels and keeps the last few, for the jobs of a tuning job all train on the same."""

    def __init__(self) -> None:
        self._cache: OrderedDict[_Key, Any] = OrderedDict()

    def matrix(self, name: str, channel: Mapping[str, Any]) -> Any:
        """A channel as an xgboost.DMatrix; raises CustomerError when it is not what the algorithm reads."""
        read = _reader(channel.get("content_type"))
        # The container takes neither hidden files nor those with an underscore for data.
        paths = [path for path in map(Path, channel["files"]) if not path.name.startswith((".", "_"))]
        if not paths:
            raise _no_data(name)
        key = (read, *((str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in paths))
        if key not in self._cache:
            self._cache[key] = read(name, paths)
        self._cache.move_to_end(key)
        while len(self._cache) > _CACHED:
            self._cache.popitem(last=False)
        return self._cache[key]


def _reader(content_type: str | None) -> Any:
    """What reads a content type, LIBSVM where none is given; raises CustomerError in the container's words."""
    kind, *parameters = [part.strip() for part in (content_type or "libsvm").lower().split(";")]
    if kind in _CSV:
        for parameter in parameters:
            if parameter.startswith("label_size=") and parameter != "label_size=1":
                raise CustomerError(
                    f"{content_type} is not an accepted csv ContentType. "
                    "Optional parameter label_size must be equal to 1"
                )
        return _read_csv
    if kind in _LIBSVM:
        return _read_libsvm
    if kind in _FURTHER:
        raise CustomerError(f"The sandbox trains on {', '.join((*_CSV, *_LIBSVM))}, not on {content_type}")
    accepted = ", ".join((*_CSV, *_LIBSVM, *_FURTHER))
    raise CustomerError(f"{content_type} is not an accepted ContentType: {accepted}.")


def _read_csv(name: str, paths: Sequence[Path]) -> Any:
    import numpy as np
    import pandas as pd
    import xgboost as xgb

    delimiter = _delimiter(_first_line(paths[0]))
    try:
        frames = [_read_csv_file(path, delimiter) for path in paths]
        rows = np.vstack([frame.to_numpy(dtype=np.float32) for frame in frames])
    except pd.errors.EmptyDataError:
        raise _no_data(name) from None
    except (ValueError, pd.errors.ParserError, UnicodeDecodeError) as error:
        raise CustomerError(
            f"Failed to load csv data with exception: the {name} channel is not CSV of numbers only, "
            f"without a header: {error}"
        ) from None
    if rows.shape[1] < 2:
        raise CustomerError(
            f"Failed to load csv data with exception: the {name} channel has no features, its rows hold the label only"
        )
    return xgb.DMatrix(rows[:, 1:], label=rows[:, 0], nthread=1)


def _read_csv_file(path: Path, delimiter: str) -> Any:
    import pandas as pd

    compression: Any = "gzip" if _is_packed(path) else None
    return pd.read_csv(path, header=None, dtype="float32", sep=delimiter, compression=compression)


def _delimiter(line: str) -> str:
    """What separates the first line's values, as the container finds out."""
    try:
        delimiter = csv.Sniffer().sniff(line[:_LINE_SNIFFED]).delimiter
    except csv.Error as error:
        # One column, or nothing at all: it is said below what is wrong with that.
        if "," in line or not line.strip() or line.strip().replace(".", "", 1).isdecimal():
            return ","
        raise CustomerError(f"Could not determine delimiter on line {line.rstrip()[:_LINE_SHOWN]}: {error}") from None
    return "," if delimiter.isalnum() or delimiter == "." else delimiter


def _read_libsvm(name: str, paths: Sequence[Path]) -> Any:
    """Lines of `label index:value …`, indices from 0 as XGBoost has them."""
    import numpy as np
    import xgboost as xgb

    labels, values, columns, starts = [], [], [], [0]
    for path in paths:
        for line in _lines(path):
            label, *features = line.split()
            try:
                labels.append(float(label.partition(":")[0]))
                for index, _, value in (feature.partition(":") for feature in features):
                    columns.append(int(index))
                    values.append(float(value))
            except ValueError:
                raise CustomerError(
                    f"First line '{line.rstrip()[:_LINE_SHOWN]}...' of file '{path.name}' is not 'LIBSVM' format. "
                    "Please ensure the file is in 'LIBSVM' format."
                ) from None
            starts.append(len(values))
    if not labels:
        raise _no_data(name)
    rows = np.full((len(labels), max(columns, default=0) + 1), np.nan, dtype=np.float32)
    rows[np.repeat(np.arange(len(labels)), np.diff(starts)), columns] = values
    return xgb.DMatrix(rows, label=labels, nthread=1)


def _no_data(name: str) -> CustomerError:
    return CustomerError(f"No data in {name} channel path /opt/ml/input/data/{name}")


def _lines(path: Path) -> list[str]:
    with _text(path) as file:
        return [line for line in file if line.strip()]


def _first_line(path: Path) -> str:
    with _text(path) as file:
        return file.readline()


def _text(path: Path) -> IO[str]:
    return gzip.open(path, "rt", errors="replace") if _is_packed(path) else path.open(errors="replace")


def _is_packed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == _GZIP_MAGIC
