"""What the palette finds for what is typed: actions, verbs with names, and verb lines as on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_tui.commands import MOST, Verb, search
from cmapss_tui.known import Named, names_of
from cmapss_tui.screens.picker import Choice

ENDPOINTS = [Named("engines-prod", "InService"), Named("engines-test", "Failed"), Named("Turbines", "Creating")]
JOBS = [Named(f"hyper-cmapss-2026-11-22-16-04-{n:03}-{n * 7919 % 65536:04x}", "Completed") for n in range(200)]
ENTRIES = [
    Choice("Jobs: sort", print, help="Sort by the next column."),
    Choice("Jobs: deploy", print, help="Put the job's model into production: shows the plan first."),
    Choice("Go to: Endpoints", print, help="Status, instances, load, cost."),
    Choice("Console: quit", print, help="Leave the console."),
]


def verbs(jobs: Sequence[Named] = JOBS, done: list[str] | None = None) -> list[Verb]:
    names, endpoints = names_of(jobs), names_of(ENDPOINTS)
    said: list[str] = [] if done is None else done
    return [
        Verb("deploy", lambda: names, said.append, "Shows the plan first.", free=True, also=(Named("best"),)),
        Verb("open", lambda: endpoints, said.append, free=True),
        Verb("delete", lambda: endpoints, said.append, free=True, reason="Read-only."),
        Verb("job", lambda: names, said.append),
    ]


def titles(text: str) -> list[str]:
    return [choice.title for choice in search(ENTRIES, verbs(), text)]


def test_nothing_typed_shows_what_can_be_done_here() -> None:
    assert titles("  ") == [choice.title for choice in ENTRIES]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("quit", "Console: quit"),
        ("endpoints", "Go to: Endpoints"),
        ("srt", "Jobs: sort"),
        ("leave", "Console: quit"),
        ("deploy best", "deploy best"),
        ("cmapss-console deploy best", "deploy best"),
        ("deploy bes", "deploy best"),
        ("open engines-test", "open engines-test"),
        ("OPEN turb", "open Turbines"),
        ("open nowhere", "open nowhere"),
        ("del prod", "delete engines-prod"),
        ("turbines", "open Turbines"),
        (f"deploy {JOBS[17].name}", f"deploy {JOBS[17].name}"),
        ("deploy 017 hyper", f"deploy {JOBS[17].name}"),
    ],
)
def test_what_is_meant_comes_first(text: str, first: str) -> None:
    assert titles(text)[0] == first


def test_a_verb_alone_shows_its_action_and_the_names_it_takes() -> None:
    found = titles("deploy")
    assert "Jobs: deploy" in found
    assert "deploy best" in found
    assert f"deploy {JOBS[0].name}" in found


def test_only_verbs_that_can_take_any_name_take_one_that_is_not_known() -> None:
    assert titles("job nowhere") == []
    assert titles("engines")[:2] == ["open engines-prod", "open engines-test"]


def test_choosing_does_it_with_the_name_as_aws_writes_it_and_says_why_not() -> None:
    done: list[str] = []
    (choice, *_) = search(ENTRIES, verbs(done=done), "delete turb")
    assert choice.reason == "Read-only."
    choice.run()
    assert done == ["Turbines"]


@given(st.text(max_size=30))
def test_whatever_is_typed_finds_a_bounded_number_of_different_lines(text: str) -> None:
    found = titles(text)
    assert len(found) <= MOST
    assert len(set(found)) == len(found)


LETTERS = st.text(alphabet="abAB-1 ", min_size=1, max_size=6).filter(lambda text: text.strip() == text)


@given(st.lists(LETTERS, max_size=12), st.lists(st.text(alphabet="abAB-1", min_size=1, max_size=3), max_size=3))
def test_names_are_found_as_by_looking_at_each(names: list[str], words: list[str]) -> None:
    found = [one.name for one in names_of([Named(name) for name in names]).find(words)]
    expected = [name for name in names if all(word.lower() in name.lower() for word in words)]
    assert sorted(found) == sorted(expected)
    if len(words) == 1 and words[0].lower() in (name.lower() for name in names):
        assert found[0].lower() == words[0].lower()


def test_ten_thousand_jobs_are_searched_between_two_frames() -> None:
    jobs = [Named(f"hyper-cmapss-2026-11-22-16-04-{n:05}-{n * 7919 % 65536:04x}") for n in range(10_000)]
    many = verbs(jobs)
    seconds = []
    for text in ("deploy", "deploy 09", "deploy 2026 9999", "hyper", "zzz", "deploy hyper-cmapss-2026-11-22"):
        began = perf_counter()
        search(ENTRIES, many, text)
        seconds.append(perf_counter() - began)
    assert sorted(seconds)[-2] < 0.05  # generous: the machine has other work
