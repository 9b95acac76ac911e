"""What can be done in the area of settings."""

from __future__ import annotations

from cmapss_tui.actions.action import Action

SETTING_ACTIONS: tuple[Action, ...] = ()
