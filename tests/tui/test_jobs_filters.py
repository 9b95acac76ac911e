"""The filter language, and what it does not depend on."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.jobs import RankedJob
from cmapss_tui.filters import completions, parse, terms_of
from cmapss_tui.jobs import rows as job_rows
from tests.tui.jobs_made import training_job

ROW = RankedJob(1, training_job(7, 45.5))  # made at 15:41:14 of 2026-11-22, took 67 s
JOB_FIELDS = job_rows.fields_of([ROW])
FIELDS = JOB_FIELDS.names
WORDS = st.text(alphabet="abcdefghij-0123456789", min_size=1, max_size=8)
NUMBERS = st.floats(min_value=-1e6, max_value=1e6, allow_nan=False)
TERMS = ["hyper", "!hyper", "rmse<46", "-007-", "status:failed", "max_depth>3", "/-00[5-9]-/", '"-007-"', "took>1m"]
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))


def keeps(text: str, row: RankedJob = ROW) -> bool:
    return bool(job_rows.kept([row], parse(text, FIELDS), JOB_FIELDS))


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
        ('"-007- "', False),
        ('"-007-"', True),
        ('!"no such"', True),
        ("/-00[0-7]-/", True),
        ("/-00[0-6]-/", False),
        ("!/-00[0-6]-/", True),
        (r"/-00\D/", False),
        ("/HYPER.*-007/", True),
        ("/hyper .*/", False),
        ("status:completed", True),
        ("status:fail", False),
        ("!status:fail", True),
        ('status:"completed"', True),
        ("status:/^comp/", True),
        ("status:/^omp/", False),
        ("status=completed", True),
        ("status=complete", False),
        ("status!=completed", False),
        ("status!=failed", True),
        ("!status!=failed", False),
        ("rmse<46", True),
        ("rmse<45.5", False),
        ("rmse<=45.5", True),
        ("rmse!=45.5", False),
        ("validation:rmse>45", True),
        ("validation:rmse:45", True),
        ("objective=45.5", True),
        ("rank=1", True),
        ("max_depth>=8", True),
        ("max_depth>8", False),
        ("eta<0.08 lambda=1.5", True),
        ("eta<0.08 lambda=2", False),
        ("took>60", True),
        ("took>1m", True),
        ("took>1m30s", False),
        ("took<=1h", True),
        ("created=2026-11-22", True),
        ("created>2026-11-22", False),
        ("created>=2026-11-22", True),
        ("created<2026-11-22", False),
        ("created<=2026-11-22", True),
        ("created>2026-11-21", True),
        ("created!=2026-11-21", True),
        ("created>2026-11-22T15:40", True),
        ("created>2026-11-22T15:41", False),
        ("created=2026-11-22T15:41", True),
        ("created=2026-11-22T15:41:14Z", True),
        ("created:2026-11", True),
        ("tuning_job:hyper", True),
        ("status:failed | rmse<46", True),
        ("status:failed | rmse<45", False),
        ("hyper status:failed | -007- took>60", True),
        ("hyper status:failed | -007- took>68", False),
    ],
)
def test_a_filter_keeps_what_satisfies_all_words_of_one_alternative(text: str, kept: bool) -> None:
    assert keeps(text) is kept


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rmse<", "a number has to follow <"),
        ("rmse<high", "a number has to follow <"),
        ("rmse=", "a value has to follow ="),
        ('status!=""', "a value has to follow !="),
        ("rsme<46", "there is no field 'rsme': rmse?"),
        ("colour:blue", "there is no field 'colour'"),
        ("status==Completed", "= is written once; status:completed finds text"),
        ("001|", "a space and another condition have to follow"),
        ("!", "!: a condition has to follow"),
        ("created>2026-13-01", "a day such as 2026-11-22 has to follow >"),
        ('"two words', "a quotation mark is missing"),
        ("/-00", "an expression ends with a slash"),
        ("/-00[/", "unterminated character set"),
        ("/(a+)+$/", "a repetition of a repetition"),
        ("|", "stands between two conditions"),
        ("hyper |", "stands between two conditions"),
    ],
)
def test_a_wrong_filter_is_named_in_one_line_with_the_way_out(text: str, says: str) -> None:
    with pytest.raises(ConsoleError, match=says.replace("|", r"\|")) as raised:
        parse(f"fine {text}", FIELDS)
    assert raised.value.kind is ErrorKind.INVALID
    assert raised.value.remedy


def test_a_job_without_the_metric_satisfies_no_comparison_and_every_negated_one() -> None:
    row = RankedJob(None, training_job(1, status="InProgress"))
    assert not keeps("rmse<1000", row)
    assert not keeps("rmse>=0", row)
    assert keeps("!rmse<1000", row)
    assert keeps("rmse!=45", row)


def test_the_last_word_is_completed_with_each_field_that_begins_so() -> None:
    assert completions("hyper ma", FIELDS) == ("hyper max_depth",)
    assert completions("!val", FIELDS) == ("!validation:rmse",)
    assert completions("st", ["status", "started", "name"]) == ("started", "status")
    assert completions("status", ["status"]) == ()
    for text in ("", "hyper ", "rmse<4", '"ma', "/ma"):
        assert completions(text, FIELDS) == ()


@given(st.text(max_size=30))
def test_any_text_is_parsed_or_refused_in_one_way(text: str) -> None:
    with suppress(ConsoleError):
        keeps(text)


@given(WORDS)
def test_plain_words_are_looked_for_as_they_stand(word: str) -> None:
    assert [term.text for term in terms_of(parse(f"{word} {word}", FIELDS))] == [word, word]
    assert keeps(word) is (word in job_rows.words(ROW))


@given(WORDS)
def test_a_word_and_its_negation_share_the_rows_between_them(word: str) -> None:
    assert keeps(word) is not keeps(f"!{word}")


@given(WORDS)
def test_quotation_marks_change_nothing_where_there_are_no_spaces(word: str) -> None:
    assert keeps(f'"{word}"') is keeps(word)
    assert keeps(f'name:"{word}"') is keeps(f"name:{word}")


@given(NUMBERS, NUMBERS)
def test_comparisons_agree_with_arithmetic(value: float, bound: float) -> None:
    row = RankedJob(1, training_job(7, value))
    assert keeps(f"rmse<{bound!r}", row) is (value < bound)
    assert keeps(f"rmse>={bound!r}", row) is (value >= bound)
    assert keeps(f"rmse={bound!r}", row) is (value == bound)
    assert keeps(f"rmse!={bound!r}", row) is (value != bound)


@given(st.integers(0, 5), st.integers(0, 59), st.integers(0, 59), st.integers(0, 6 * 3600))
def test_durations_agree_with_their_seconds(hours: int, minutes: int, seconds: int, took: int) -> None:
    row = RankedJob(1, training_job(7, 45.0, duration_seconds=float(took)))
    assert keeps(f"took>{hours}h{minutes}m{seconds}s", row) is (took > hours * 3600 + minutes * 60 + seconds)


@given(MOMENTS, MOMENTS)
def test_a_day_is_before_after_or_the_same(made: datetime, day: datetime) -> None:
    row = RankedJob(1, training_job(7, 45.0, created=made))
    text = f"{day:%Y-%m-%d}"
    before, within, after = (keeps(f"created{sign}{text}", row) for sign in "<=>")
    assert [before, within, after].count(True) == 1
    assert within is (made.date() == day.date())
    assert keeps(f"created<={text}", row) is (before or within)
    assert keeps(f"created>={text}", row) is (after or within)
    assert after is (made >= datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1))


@given(st.lists(st.sampled_from(TERMS), max_size=4))
def test_the_order_of_the_words_does_not_matter(words: list[str]) -> None:
    assert keeps(" ".join(words)) is keeps(" ".join(reversed(words)))


@given(st.lists(st.lists(st.sampled_from(TERMS), min_size=1, max_size=3), min_size=1, max_size=3))
def test_alternatives_are_any_and_words_are_all(alternatives: list[list[str]]) -> None:
    text = " | ".join(" ".join(words) for words in alternatives)
    assert keeps(text) is any(all(keeps(word) for word in words) for words in alternatives)
