"""The filter language, and what it does not depend on."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.jobs import RankedJob
from cmapss_tui import job_rows
from cmapss_tui.filters import matches, parse
from tests.tui.jobs_made import training_job

FIELDS = job_rows.fields_of([RankedJob(1, training_job(7, 45.5))])
WORDS = st.text(alphabet="abcdefghij-0123456789", min_size=1, max_size=8)
NUMBERS = st.floats(min_value=-1e6, max_value=1e6, allow_nan=False)


def keeps(text: str, row: RankedJob) -> bool:
    return matches(parse(text, FIELDS), job_rows.words(row), partial(job_rows.field, row))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("", True),
        ("hyper", True),
        ("HYPER", True),
        ("hyper -007-", True),
        ("hyper -008-", False),
        ("!-008-", True),
        ("!hyper", False),
        ("status:completed", True),
        ("status:fail", False),
        ("!status:fail", True),
        ("status=completed", True),
        ("status=complete", False),
        ("rmse<46", True),
        ("rmse<45.5", False),
        ("rmse<=45.5", True),
        ("validation:rmse>45", True),
        ("objective=45.5", True),
        ("rank=1", True),
        ("max_depth>=8", True),
        ("max_depth>8", False),
        ("eta<0.08 lambda=1.5", True),
        ("eta<0.08 lambda=2", False),
        ("took>60", True),
        ("tuning_job:hyper", True),
    ],
)
def test_a_filter_keeps_what_satisfies_all_of_its_words(text: str, kept: bool) -> None:
    assert keeps(text, RankedJob(1, training_job(7, 45.5))) is kept


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rmse<", "a number has to follow <"),
        ("rmse<high", "a number has to follow <"),
        ("rmse=", "a number has to follow ="),
        ("rsme<46", "there is no field 'rsme'"),
        ("colour:blue", "there is no field 'colour'"),
    ],
)
def test_a_wrong_filter_is_named_in_one_line_with_the_way_out(text: str, says: str) -> None:
    with pytest.raises(ConsoleError, match=says) as raised:
        parse(f"fine {text}", FIELDS)
    assert raised.value.kind is ErrorKind.INVALID
    assert raised.value.remedy


def test_a_job_without_the_metric_satisfies_no_comparison_and_every_negated_one() -> None:
    row = RankedJob(None, training_job(1, status="InProgress"))
    assert not keeps("rmse<1000", row)
    assert not keeps("rmse>=0", row)
    assert keeps("!rmse<1000", row)


@given(st.text(max_size=30))
def test_any_text_is_parsed_or_refused_in_one_way(text: str) -> None:
    with suppress(ConsoleError):
        assert len(parse(text, FIELDS)) == len(text.split())


@given(WORDS)
def test_a_word_and_its_negation_share_the_rows_between_them(word: str) -> None:
    row = RankedJob(1, training_job(7, 45.5))
    assert keeps(word, row) is not keeps(f"!{word}", row)


@given(NUMBERS, NUMBERS)
def test_comparisons_agree_with_arithmetic(value: float, bound: float) -> None:
    row = RankedJob(1, training_job(7, value))
    assert keeps(f"rmse<{bound!r}", row) is (value < bound)
    assert keeps(f"rmse>={bound!r}", row) is (value >= bound)
    assert keeps(f"rmse={bound!r}", row) is (value == bound)


@given(st.lists(st.sampled_from(["hyper", "!hyper", "rmse<46", "-007-", "status:failed", "max_depth>3"]), max_size=4))
def test_the_order_of_the_words_does_not_matter(words: list[str]) -> None:
    row = RankedJob(1, training_job(7, 45.5))
    assert keeps(" ".join(words), row) is keeps(" ".join(reversed(words)), row)
