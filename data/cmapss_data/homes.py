"""Where fleets live on this machine, and which one is used."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from cmapss_data.errors import DataError
from cmapss_data.fleet import Fleet
from cmapss_data.marker import DEFAULT_SEED

APPLICATION = "cmapss-console"
HOME_VARIABLE = "CMAPSS_CONSOLE_HOME"
_IMPORT = "Import it: cmapss-console data import ZIP|DIR."
_IMPORT_AGAIN = "Import the real set again: cmapss-console data import ZIP|DIR."


def data_home() -> Path:
    """The directory of imported, made and unpacked sets: the user's data directory, or $CMAPSS_CONSOLE_HOME/data."""
    chosen = os.environ.get(HOME_VARIABLE)
    if chosen:
        return Path(chosen).expanduser() / "data"
    from platformdirs import user_data_path

    return user_data_path(APPLICATION, appauthor=False) / "data"


def imported_directory(home: Path) -> Path:
    """Where the real set lies once it is imported."""
    return home / "nasa"


def synthetic_directory(home: Path, seed: int = DEFAULT_SEED) -> Path:
    """Where the synthetic set of a seed lies once it is made."""
    return home / f"synthetic-seed-{seed}"


def open_fleet(path: Path | None = None) -> Fleet:
    """The fleet in a directory or zip; without one this machine's own, as `own_fleet` has it.

    A zip is unpacked once into the data home. Files are checked against their hashes, or their shape where nothing is
    known of them. Raises DataError for anything else.
    """
    if path is None:
        return own_fleet()
    from cmapss_data import archive, inspection

    found = archive.find_set(path)
    return inspection.open_directory(found) if found.is_dir() else _open_zip(found)


def own_fleet(origin: Literal["nasa", "synthetic"] | None = None) -> Fleet:
    """The imported real set or, if there is none, a synthetic one, made in the data home on first use (seconds).

    `origin` asks for one of the two. Raises DataError where the real set is asked for and was not imported, or where
    it is damaged.
    """
    from cmapss_data import inspection
    from cmapss_data.synthesize import synthesize

    home = data_home()
    imported = imported_directory(home)
    if origin != "synthetic" and imported.is_dir():
        inspection.refuse(imported, inspection.faults(imported, inspection.REAL_HASHES), _IMPORT_AGAIN)
        return Fleet(imported, "nasa")
    if origin == "nasa":
        raise DataError("the real C-MAPSS set is not on this machine", _IMPORT)
    return synthesize(synthetic_directory(home), repair=True)


def _open_zip(path: Path) -> Fleet:
    """Unpack a zip into the data home under its hash, unless an undamaged copy is there."""
    from cmapss_data.archive import unpack
    from cmapss_data.damage import sha256_of
    from cmapss_data.inspection import open_directory
    from cmapss_data.staging import staged_directory

    unpacked = data_home() / "unpacked" / sha256_of(path)[:16]
    damaged = False
    if unpacked.is_dir():
        try:
            return open_directory(unpacked)
        except DataError:
            damaged = True
    with staged_directory(unpacked, replace=damaged) as partial:
        unpack(path, partial)
        origin = open_directory(partial, called=path).origin
    return Fleet(unpacked, origin)
