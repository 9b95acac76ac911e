"""A compact mapping is what a dict of the same items is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_core.compact import CompactMapping

ITEMS = st.one_of(
    st.dictionaries(st.text(max_size=5), st.text()),
    st.dictionaries(st.text(max_size=5), st.one_of(st.text(), st.floats(allow_nan=False))),
)


@given(ITEMS, st.text(max_size=5))
def test_it_has_what_the_dict_has(items: dict[str, object], name: str) -> None:
    compact = CompactMapping(items.items())
    assert dict(compact) == items
    assert (list(compact), len(compact)) == (list(items), len(items))
    assert compact.get(name) == items.get(name)
    assert (name in compact) == (name in items)


@given(ITEMS, ITEMS)
def test_it_is_equal_to_what_has_the_same_items(left: dict[str, object], right: dict[str, object]) -> None:
    assert (CompactMapping(left.items()) == CompactMapping(right.items())) == (left == right)
    assert CompactMapping(reversed(left.items())) == CompactMapping(left.items())


def test_a_name_that_it_has_not_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="eta"):
        CompactMapping([("max_depth", "6")])["eta"]
