"""`cmapss-console`, and `python -m cmapss_tui`."""

from __future__ import annotations

import sys

from cmapss_tui.cli import main

if __name__ == "__main__":
    sys.exit(main())
