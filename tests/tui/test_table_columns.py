"""Which columns a table has room for: none is lost, whatever the width."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cmapss_tui.widgets.table_columns import AT_THE_END, BETWEEN, GUTTER, Column, furthest, header, lay_out

WIDTHS = st.integers(0, 220)


@st.composite
def columns(draw: st.DrawFn) -> list[Column]:
    count = draw(st.integers(1, 12))
    frozen = draw(st.integers(0, count - 1))
    return [
        Column(
            f"column-{place}",
            f"title {place}",
            draw(st.one_of(st.none(), st.integers(1, 25))),
            "left",
            draw(st.sampled_from([0, 0, 80, 150])),
            optional=draw(st.booleans()),
            frozen=place == frozen,
        )
        for place in range(count)
    ]


@given(columns(), WIDTHS)
def test_every_column_is_reached_and_the_frozen_one_stays(some: list[Column], width: int) -> None:
    seen = set()
    last = furthest(some, width)
    for offset in range(last + 1):
        layout = lay_out(some, width, offset)
        seen |= {column.key for column, _ in layout.shown}
        assert layout.left in (offset, max(0, offset - 1))
        if offset:
            assert any(column.frozen for column, _ in layout.shown)
    assert seen == {column.key for column in some}
    assert lay_out(some, width, last).right == 0 or last == 0


@given(columns(), WIDTHS)
def test_what_is_not_shown_is_counted(some: list[Column], width: int) -> None:
    layout = lay_out(some, width)
    assert len(layout.shown) + layout.right == len(some)
    assert (("›" in header(layout, width, None)) is (layout.right > 0)) or width == 0


@given(columns(), st.integers(0, 30))
def test_what_is_optional_takes_no_room_from_what_is_not(some: list[Column], offset: int) -> None:
    width = 200
    layout = lay_out(some, width, min(offset, furthest(some, width)))
    taken = sum(cells for _, cells in layout.shown) + BETWEEN * (len(layout.shown) - 1)
    if any(column.optional for column, _ in layout.shown):
        assert taken <= width - GUTTER - AT_THE_END
        assert all(cells >= column.least for column, cells in layout.shown)


@given(columns(), st.integers(40, 220))
def test_a_cell_belongs_to_the_column_above_it(some: list[Column], width: int) -> None:
    layout = lay_out(some, width)
    start = 0
    for column, cells in layout.shown:
        assert layout.at(start) == (column if cells + BETWEEN > 0 else None)
        assert layout.at(start + cells - 1 if cells else start) == column
        start += cells + BETWEEN
    assert layout.at(start) is None
    assert layout.at(-1) is None
