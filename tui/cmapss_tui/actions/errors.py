"""What can be done in the area of errors."""

from __future__ import annotations

from cmapss_tui.actions.action import Action

ERROR_ACTIONS: tuple[Action, ...] = ()
