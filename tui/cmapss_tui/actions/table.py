"""What can be done in every list: going through its rows and columns, and marking rows."""

from __future__ import annotations

from cmapss_tui.actions.action import Action


def _in_list(name: str, keys: tuple[str, ...], title: str, help: str, call: str = "") -> Action:
    return Action(f"table.{name}", keys, title, help, "table", "Lists", call=call, show=False)


TABLE_ACTIONS: tuple[Action, ...] = (
    _in_list("mark", ("space",), "mark", "Mark the row, or take its mark away, and go on to the next."),
    _in_list("mark_all", ("asterisk",), "mark all", "Take all marks away; where there are none, mark every row."),
    _in_list("up", ("up", "k"), "up", "The row above.", "move(-1)"),
    _in_list("down", ("down", "j"), "down", "The row below.", "move(1)"),
    _in_list("first", ("home", "g"), "first", "The first row."),
    _in_list("last", ("end", "G"), "last", "The last row."),
    _in_list("page_up", ("pageup",), "page up", "A screenful up.", "page(-1.0)"),
    _in_list("page_down", ("pagedown",), "page down", "A screenful down.", "page(1.0)"),
    _in_list("half_up", ("ctrl+u",), "half up", "Half a screenful up.", "page(-0.5)"),
    _in_list("half_down", ("ctrl+d",), "half down", "Half a screenful down.", "page(0.5)"),
    _in_list("right", ("right",), "columns", "The columns that there was no room for, where › is.", "pan(1)"),
    _in_list("left", ("left",), "columns back", "Back to the columns before.", "pan(-1)"),
)
