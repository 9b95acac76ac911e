"""C-MAPSS, the data that engines' remaining useful life is learnt from: read, check, label, split, import, synthesize.

Importing the package loads neither numpy nor pandas; they come with the first rows.
"""

from __future__ import annotations

from cmapss_data.errors import DataError
from cmapss_data.files import COLUMNS, FEATURES, SUBSETS
from cmapss_data.fleet import Fleet
from cmapss_data.homes import open_fleet, own_fleet

__all__ = ["COLUMNS", "FEATURES", "SUBSETS", "DataError", "Fleet", "open_fleet", "own_fleet"]
