"""HTML for a person with any browser: escaped, labelled, without scripts and without anything from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from typing import Any

_LONGEST_TEXT = 200
_REPLACED = "\N{REPLACEMENT CHARACTER}"
_STYLE = """
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;max-width:76rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem}
h2{font-size:1.1rem;margin:2rem 0 0}
caption{text-align:left;opacity:.75}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #8c959f55}
th[scope=row]{font-weight:400}
td{font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
""".strip()
_REFRESH_SECONDS = 5


def document(title: str, body: Iterable[str], *, refreshes: bool) -> bytes:
    """A whole page, which loads itself again every few seconds if it is to."""
    refresh = f'<meta http-equiv="refresh" content="{_REFRESH_SECONDS}">' if refreshes else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width">{refresh}<title>{text(title)}</title>'
        f"<style>{_STYLE}</style></head><body><main><h1>{text(title)}</h1>{''.join(body)}</main></body></html>"
    ).encode()


def paragraph(said: str) -> str:
    """A sentence or a few."""
    return f"<p>{text(said)}</p>"


def link(address: str, said: str) -> str:
    """A link on a line of its own."""
    return f'<p><a href="{escape(address)}">{text(said)}</a></p>'


def table(heading: str, caption: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A section with a table whose rows are headed by their first cell, or the word that there are none."""
    if not rows:
        return f"<section><h2>{text(heading)}</h2><p>None.</p></section>"
    head = "".join(f'<th scope="col">{text(column)}</th>' for column in columns)
    return (
        f"<section><h2>{text(heading)}</h2><table><caption>{text(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(_row(row) for row in rows)}</tbody></table></section>"
    )


def text(value: Any) -> str:
    """A value as the page shows it: nothing for None, times to the second, what is long cut, all of it escaped."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f'<time datetime="{value.isoformat()}">{value:%Y-%m-%d %H:%M:%S}</time>'
    said = str(value)
    if len(said) > _LONGEST_TEXT:
        said = said[: _LONGEST_TEXT - 1] + "…"
    return escape("".join(character if character.isprintable() else _REPLACED for character in said))


def _row(cells: Sequence[Any]) -> str:
    head, *rest = (text(cell) for cell in cells)
    return f'<tr><th scope="row">{head}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>'
