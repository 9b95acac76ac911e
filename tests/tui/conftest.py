"""What the tests of the console share: no animation, and a place of their own for reports."""

from __future__ import annotations

import os

# Read by Textual when it is imported.
os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
