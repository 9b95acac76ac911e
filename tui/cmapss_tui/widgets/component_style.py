"""The style of a part of a widget, with what Textual's own way of asking for it leaves out."""

from __future__ import annotations

from textual.style import Style
from textual.widget import Widget

_REVERSE = Style(reverse=True)


def component_style(widget: Widget, component: str, *, partial: bool = False) -> Style:
    """The style of a component class; `get_visual_style` drops `text-style: reverse` (Textual 8.2)."""
    style = widget.get_visual_style(component, partial=partial)
    return style + _REVERSE if widget.get_component_styles(component).text_style.reverse else style


def parsed_style(style: str | Style) -> Style:
    """A style that may still be text."""
    return Style.parse(style) if isinstance(style, str) else style
