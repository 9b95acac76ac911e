"""Names are checked as AWS checks them, and long ones are made to fit without meeting."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.names import MAX_NAME, check_bucket_name, check_name, fitted

alphabet = st.sampled_from("abcXYZ0189-")
job_names = st.text(alphabet, min_size=1, max_size=MAX_NAME).map(lambda name: "j" + name[1:].rstrip("-"))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("my_endpoint", "'_'"),
        ("a.b c", "' ' '.'"),
        ("", "is empty"),
        ("-a", "begins or ends with a hyphen"),
        ("a-", "begins or ends with a hyphen"),
        ("a" * 64, "64 characters of at most 63"),
    ],
)
def test_a_bad_name_is_told_what_is_wrong_with_it(name: str, said: str) -> None:
    with pytest.raises(ConsoleError, match="endpoint name") as caught:
        check_name("endpoint", name)
    assert said in caught.value.message
    assert caught.value.kind is ErrorKind.INVALID


@given(job_names)
def test_a_model_name_made_from_any_job_name_is_one(name: str) -> None:
    assert check_name("model", fitted(name, "-model")).endswith("-model")


@given(job_names, job_names)
def test_different_jobs_have_different_models(one: str, other: str) -> None:
    assert (fitted(one, "-model") == fitted(other, "-model")) == (one == other)


def test_two_long_names_with_the_same_beginning_stay_apart() -> None:
    stem = "a" * 62
    assert fitted(stem + "b", "-model") != fitted(stem + "c", "-model")


def test_a_model_name_is_made_from_a_job_name_of_full_length() -> None:
    name = fitted("j" * MAX_NAME, "-model")
    assert len(check_name("model", name)) == MAX_NAME


@pytest.mark.parametrize("name", ["models", "my-models.2026", "a" * 63, "1a2"])
def test_a_bucket_s_name_is_taken(name: str) -> None:
    assert check_bucket_name(name) == name


@pytest.mark.parametrize("name", ["", "ab", "a" * 64, "Models", "s3://models", "my_models", "-ab", "ab.", "a..b"])
def test_what_no_bucket_is_called_is_refused(name: str) -> None:
    with pytest.raises(ConsoleError, match="is no bucket's name") as caught:
        check_bucket_name(name)
    assert caught.value.kind is ErrorKind.INVALID


@pytest.mark.parametrize("name", ["a\n", "engine\u00e9", "\u0661", "a" * 60 + "\t"])
def test_what_only_looks_like_a_name_is_refused(name: str) -> None:
    with pytest.raises(ConsoleError):
        check_name("endpoint", name)
