"""Looks at a set of files: which it is, what it holds, and whether it is whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from cmapss_data.damage import fault, sha256_of
from cmapss_data.errors import DataError
from cmapss_data.files import FILES
from cmapss_data.fleet import FileInfo, Fleet, Origin
from cmapss_data.marker import read_marker

REAL_HASHES: Mapping[str, str] = {name: facts.sha256 for name, facts in FILES.items()}
REMEDY = (
    "Name a directory or zip with the twelve undamaged files, or none: "
    "then the set from `cmapss-console data import` is used, else a synthetic one."
)
_SHOWN = 3


def open_directory(root: Path, *, called: Path | None = None) -> Fleet:
    """The fleet in a directory: real by its hashes, synthetic by its marker, else unverified if its shape is right.

    Raises DataError for anything that is incomplete or damaged, naming the directory as it is `called`.
    """
    marker = read_marker(root)
    if marker is not None:
        expected: Mapping[str, str] = marker.sha256
        origin: Origin = "synthetic"
    elif all(_has_hash(root / name, sha256) for name, sha256 in REAL_HASHES.items()):
        return Fleet(root, "nasa")
    else:
        expected, origin = {}, "unverified"
    refuse(called or root, faults(root, expected), REMEDY)
    return Fleet(root, origin)


def faults(root: Path, expected: Mapping[str, str]) -> list[str]:
    """What is wrong with each faulty file of the twelve, one line each, in the order of `FILES`."""
    found = (fault(root / name, expected.get(name)) for name in FILES)
    return [problem for problem in found if problem is not None]


def refuse(what: Path, problems: list[str], remedy: str) -> None:
    """Raise one DataError for all of these problems, if there are any."""
    if not problems:
        return
    shown = "; ".join(problems[:_SHOWN])
    more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
    count = f"{len(problems)} of {len(FILES)} files {'is' if len(problems) == 1 else 'are'} faulty"
    raise DataError(f"{what} is no complete C-MAPSS set, {count}: {shown}{more}", remedy)


def file_infos(root: Path, origin: Origin) -> Iterable[FileInfo]:
    """What lies in a directory now, file by file, measured against what its origin promises."""
    marker = read_marker(root)
    promised = {"nasa": REAL_HASHES, "synthetic": marker.sha256 if marker else {}, "unverified": {}}[origin]
    for name in FILES:
        path = root / name
        problem = fault(path, promised.get(name))
        data = path.read_bytes() if path.is_file() else b""
        lines = data.splitlines()
        engines = len(lines) if name.startswith("RUL") else len({line.split(b" ", 1)[0] for line in lines})
        yield FileInfo(name, len(lines), engines, len(data), problem is None, problem)


def _has_hash(path: Path, sha256: str) -> bool:
    try:
        return sha256_of(path) == sha256
    except OSError:
        return False
