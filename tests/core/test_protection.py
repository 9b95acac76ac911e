"""Which endpoints only who types their name may change."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_core.aws import Target
from cmapss_core.plans.protection import protected_because
from tests.core.scripted import ScriptedAws

ARN = "arn:aws:sagemaker:us-east-1:000000000000:endpoint/engines-prod"


def aws(*patterns: str, tags: dict[str, str] | None = None) -> ScriptedAws:
    listed = [{"Key": key, "Value": value} for key, value in (tags or {}).items()]
    found = ScriptedAws({"sagemaker:ListTags": {"Tags": listed}})
    found.target = Target(region="us-east-1", endpoint_url=found.target.endpoint_url, protected=patterns)
    return found


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("*-prod", "engines-prod"),
        ("*-PROD", "engines-prod"),
        ("*-prod", "Engines-Prod"),
        ("engines-prod", "engines-prod"),
        ("engines-?", "engines-1"),
        ("engines-[12]", "engines-2"),
        ("*", "engines"),
    ],
)
def test_a_name_that_matches_a_pattern_is_protected_whatever_its_case(pattern: str, name: str) -> None:
    assert protected_because(aws("other-*", pattern), name, None) == f"its name matches {pattern}"


@pytest.mark.parametrize(
    ("pattern", "name"), [("*-prod", "engines-prod-2"), ("prod", "engines-prod"), ("", "engines"), ("e?", "engines")]
)
def test_a_pattern_is_about_the_whole_name(pattern: str, name: str) -> None:
    assert protected_because(aws(pattern), name, None) is None


@pytest.mark.parametrize("key", ["protected", "Protected", "PROTECTED"])
@pytest.mark.parametrize("value", ["", "true", "yes", "1", "by the flight line"])
def test_the_tag_protects_whatever_it_says(key: str, value: str) -> None:
    assert protected_because(aws(tags={"team": "x", key: value}), "engines", ARN) == f"it has the tag {key}={value}"


@pytest.mark.parametrize("value", ["false", "No", "OFF", "0"])
def test_the_tag_can_say_that_it_does_not_protect(value: str) -> None:
    assert protected_because(aws(tags={"protected": value}), "engines", ARN) is None


@pytest.mark.parametrize("tags", [{}, {"unprotected": "true"}, {"team": "protected"}])
def test_another_tag_does_not_protect(tags: dict[str, str]) -> None:
    assert protected_because(aws(tags=tags), "engines", ARN) is None


def test_what_is_not_there_yet_has_no_tags_to_ask_for() -> None:
    console = aws(tags={"protected": "true"})
    assert protected_because(console, "engines", None) is None
    assert console.called == []


def test_a_pattern_is_enough_without_asking() -> None:
    console = aws("engines*")
    assert protected_because(console, "engines", ARN)
    assert console.called == []


@given(st.from_regex(r"[a-zA-Z0-9](-?[a-zA-Z0-9]){0,20}", fullmatch=True))
def test_a_name_is_a_pattern_of_itself_and_of_nothing_longer(name: str) -> None:
    console = aws(name)
    assert protected_because(console, name.swapcase(), None) is not None
    assert protected_because(console, f"{name}-2", None) is None
