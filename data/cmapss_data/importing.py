"""Takes the real set in: checks every file against NASA's, says what is damaged and how, keeps a copy."""

from __future__ import annotations

import shutil
from pathlib import Path

from cmapss_data.archive import find_set, unpack
from cmapss_data.damage import sha256_of
from cmapss_data.errors import DataError
from cmapss_data.files import FILES, README, README_SHA256
from cmapss_data.fleet import Fleet
from cmapss_data.homes import data_home, imported_directory
from cmapss_data.inspection import REAL_HASHES, faults, refuse
from cmapss_data.marker import MARKER
from cmapss_data.staging import staged_directory

_REMEDY = "Nothing was imported; get an undamaged copy of these files from NASA's data set 6 (C-MAPSS)."


def import_fleet(source: Path, home: Path | None = None) -> Fleet:
    """Copy the real set from a zip or a directory into the data home, replacing an earlier copy, and return it.

    Every file has to have the real one's sha256; if one does not, nothing changes and a DataError says which file
    differs and how. `readme.txt` comes along if it is the real one.
    """
    found = find_set(source)
    target = imported_directory(home if home is not None else data_home())
    with staged_directory(target, replace=True) as partial:
        _stage(found, partial)
        if (partial / MARKER).exists():
            raise DataError(f"{source} is a synthetic set, as its {MARKER} says", "Only the real set can be imported.")
        refuse(source, faults(partial, REAL_HASHES), _REMEDY)
        readme = partial / README
        if readme.exists() and sha256_of(readme) != README_SHA256:
            readme.unlink()
    return Fleet(target, "nasa")


def remember(fleet: Fleet) -> None:
    """Keep a real set that was opened from elsewhere as the imported one, unless there is one. Raises DataError."""
    if fleet.origin == "nasa" and not imported_directory(data_home()).is_dir():
        import_fleet(fleet.root)


def _stage(found: Path, directory: Path) -> None:
    if not found.is_dir():
        unpack(found, directory)
        return
    for name in (*FILES, README, MARKER):
        if (found / name).is_file():
            shutil.copyfile(found / name, directory / name)
