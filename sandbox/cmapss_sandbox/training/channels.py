"""Training channels: SageMaker's CSV, the label first and no header, as XGBoost wants it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cmapss_sandbox.training.hyperparameters import CustomerError

_CACHED = 4
_GZIP_MAGIC = b"\x1f\x8b"

_Key = tuple[tuple[str, int, int], ...]


class Channels:
    """Reads channels and keeps the last few, for the jobs of a tuning job all train on the same."""

    def __init__(self) -> None:
        self._cache: OrderedDict[_Key, Any] = OrderedDict()

    def matrix(self, name: str, channel: Mapping[str, Any]) -> Any:
        """A channel as an xgboost.DMatrix; raises CustomerError when it is not what the algorithm reads."""
        content_type = (channel.get("content_type") or "text/libsvm").partition(";")[0].strip().lower()
        if content_type not in ("text/csv", "csv"):
            raise CustomerError(
                f"The {name} channel is {content_type}; the sandbox trains on text/csv, label first, without a header"
            )
        paths = [Path(path) for path in channel["files"]]
        if not paths:
            raise CustomerError(f"No data in {name} channel path {channel['source']}")
        key = tuple((str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in paths)
        if key not in self._cache:
            self._cache[key] = _read(name, paths)
        self._cache.move_to_end(key)
        while len(self._cache) > _CACHED:
            self._cache.popitem(last=False)
        return self._cache[key]


def _read(name: str, paths: Sequence[Path]) -> Any:
    import numpy as np
    import pandas as pd
    import xgboost as xgb

    try:
        frames = [_read_file(path) for path in paths]
        rows = np.vstack([frame.to_numpy(dtype=np.float32) for frame in frames])
    except pd.errors.EmptyDataError:
        raise CustomerError(f"No data in {name} channel") from None
    except (ValueError, pd.errors.ParserError, UnicodeDecodeError) as error:
        raise CustomerError(f"The {name} channel is not CSV of numbers only, without a header: {error}") from None
    if rows.shape[1] < 2:
        raise CustomerError(f"The {name} channel has no features: its rows hold the label only")
    return xgb.DMatrix(rows[:, 1:], label=rows[:, 0], nthread=1)


def _read_file(path: Path) -> Any:
    import pandas as pd

    with path.open("rb") as file:
        packed = file.read(2) == _GZIP_MAGIC
    return pd.read_csv(path, header=None, dtype="float32", compression="gzip" if packed else None)
