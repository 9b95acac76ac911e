"""A fleet: one complete set of C-MAPSS files, real or not, and the rows that training and validation take from it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cmapss_data.errors import DataError
from cmapss_data.files import FEATURES, SUBSETS

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from cmapss_data.labelling import Split

Origin = Literal["nasa", "synthetic", "unverified"]


@dataclass(frozen=True, slots=True)
class TestRows:
    """The rows of one test file: 25 features as written, comma-separated, and the true RUL of each, in cycles."""

    lines: list[str]
    rul: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FileInfo:
    """One file of a fleet as it lies there; `problem` says on one line what is wrong with it when it is not `ok`."""

    name: str
    rows: int
    engines: int
    bytes: int
    ok: bool
    problem: str | None


@dataclass(frozen=True, slots=True)
class FleetInfo:
    """What a fleet is and what its twelve files hold."""

    origin: Origin
    root: Path
    files: tuple[FileInfo, ...]

    @property
    def ok(self) -> bool:
        """Whether every file is complete and undamaged."""
        return all(file.ok for file in self.files)


@dataclass(frozen=True, slots=True)
class Fleet:
    """A complete set of files in `root`.

    `origin` is "nasa" when they are the real ones, byte for byte; "synthetic" when the console made them; "unverified"
    when they have the shape of C-MAPSS but neither can be said, so that no figure from them counts as NASA's.
    """

    root: Path
    origin: Origin

    def test_rows(self, subset: str) -> TestRows:
        """The test rows of a subset ("FD001" … "FD004"); the four hold 104,897. Raises DataError."""
        from cmapss_data import labelling, reading

        if subset not in SUBSETS:
            raise DataError(f"there is no subset {subset!r}", f"C-MAPSS has {', '.join(SUBSETS)}.")
        rows = reading.read_rows(self.root / f"test_{subset}.txt")
        at_end = reading.read_rul(self.root / f"RUL_{subset}.txt")
        return TestRows(rows.features, labelling.label(rows.frame, at_end).astype(float))

    def training_frame(self, split: Split) -> pd.DataFrame:
        """The rows of a split of all four training files: the label `rul` first, then the 25 features.

        Train has 108,530 rows of 474 engines, validation 51,829 of 235. Raises DataError.
        """
        import pandas as pd

        from cmapss_data import labelling, reading

        parts = []
        for subset in SUBSETS:
            frame = reading.read_rows(self.root / f"train_{subset}.txt").frame
            chosen = labelling.in_split(frame, split)
            part = frame.loc[chosen, list(FEATURES)]
            part.insert(0, "rul", labelling.label(frame)[chosen])
            parts.append(part)
        return pd.concat(parts, ignore_index=True)

    def write_channel(self, split: Split, path: Path) -> int:
        """Write a split as SageMaker's built-in XGBoost takes it, and return its rows.

        CSV without a header, the label first (SageMaker Developer Guide, "XGBoost algorithm", input interface), then
        the 25 features as the files have them. The channel appears whole or not at all. Raises DataError.
        """
        from cmapss_data import labelling, reading
        from cmapss_data.staging import staged_file

        written = 0
        with staged_file(path) as partial, partial.open("w", encoding="ascii", newline="\n") as channel:
            for subset in SUBSETS:
                rows = reading.read_rows(self.root / f"train_{subset}.txt")
                chosen = labelling.in_split(rows.frame, split)
                labels = labelling.label(rows.frame)
                for at in chosen.nonzero()[0].tolist():
                    channel.write(f"{labels[at]},{rows.features[at]}\n")
                    written += 1
        return written

    def info(self) -> FleetInfo:
        """What lies in the fleet's directory now, file by file; damage is told, not raised."""
        from cmapss_data import inspection

        return FleetInfo(self.origin, self.root, tuple(inspection.file_infos(self.root, self.origin)))
