"""Other keys for actions: what is taken, what is refused, and that every place shows and hears the key there is."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_tui import keymap
from cmapss_tui.actions import ACTIONS, Safety, by_id, in_scope
from cmapss_tui.keymap import first_key, key_display, keys_of, problems, read_keys, shown_keys, together
from tests.tui.consoles import Console
from tests.tui.test_actions import screens


@pytest.fixture(autouse=True)
def _own_keys() -> Iterator[None]:
    """The keys in force are those of the process: each test begins and ends with the table's."""
    keymap.use(Console(), {})
    yield
    keymap.use(Console(), {})


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("?", ("question_mark",)),
        ("/", ("slash",)),
        ("solidus", ("slash",)),
        ("[", ("left_square_bracket",)),
        (",", ("comma",)),
        ("-", ("minus",)),
        ("ctrl+O, F5", ("ctrl+o", "f5")),
        ("ctrl+/", ("ctrl+slash",)),
        ("shift+ctrl+left", ("ctrl+shift+left",)),
        ("ctrl+m", ("enter",)),
        ("esc", ("escape",)),
        ("D", ("D",)),
        ("d,d", ("d",)),
        (" , ", ("comma",)),
        (",,", ()),
    ],
)
def test_keys_are_written_as_characters_and_as_names(text: str, keys: tuple[str, ...]) -> None:
    assert read_keys(text) == keys


def test_every_key_of_the_table_is_called_as_the_keymap_would_call_it() -> None:
    for action in ACTIONS:
        assert read_keys(",".join(action.keys)) == action.keys, action.id


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"jobs.srot": "f5"}, "there is no action jobs.srot. Did you mean jobs.sort?"),
        ({"wholly.else": "f5"}, "there is no action wholly.else. Settings has all ids."),
        ({"jobs.sort": "entr"}, "jobs.sort: there is no key entr, did you mean enter?"),
        ({"jobs.sort": "shift+a"}, "jobs.sort: there is no key shift+a."),
        ({"jobs.sort": "hyper+x"}, "jobs.sort: there is no key hyper+x."),
        ({"jobs.sort": ",,"}, "jobs.sort: it needs a key."),
        ({"jobs.sort": "D"}, "D would be both jobs.sort and jobs.deploy."),
        ({"jobs.sort": "q"}, "q would be both jobs.sort and app.quit."),
        ({"app.quit": "D"}, "D would be both app.quit and jobs.deploy."),
        ({"app.help": "1"}, "1 would be both app.help and app.jobs."),
        ({"screen.refresh": "/"}, "/ would be both screen.refresh and jobs.filter."),
        ({"app.quit": "j"}, "j would be both app.quit and table.down."),
        ({"app.quit": "tab"}, "app.quit: tab moves the focus."),
        ({"endpoint.delete": "ctrl+q"}, "endpoint.delete: ^q leaves the console."),
    ],
)
def test_what_does_not_go_is_told(given: dict[str, str], says: str) -> None:
    assert says in problems(given)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"jobs.sort": "f6", "jobs.filter": "s"},
        {"endpoint.update": "A", "endpoint.scale": "U"},
        {"endpoint.delete": "f9"},
        {"endpoint.delete": "ctrl+g"},
        {"endpoint.delete": "D"},  # another area's D
        {"app.quit": "ctrl+q, Q"},
        {"app.help": "f1, ?"},
    ],
)
def test_what_goes_is_taken(given: dict[str, str]) -> None:
    assert problems(given) == []


@pytest.mark.parametrize("action", [one.id for one in ACTIONS if one.safety is not Safety.NONE])
def test_no_change_of_aws_comes_to_lie_on_a_reflex(action: str) -> None:
    for key in (
        "enter",
        "space",
        "escape",
        "backspace",
        "x",
        "ctrl+d",
        "ctrl+k",
        "ctrl+z",
        "delete",
        "right",
        "1",
        "ö",
    ):
        assert any(action in problem for problem in problems({action: key})), key


KEYS = st.sampled_from(["f5", "f6", "f7", "a", "z", "Z", "Q", "q", "D", "X", "enter", "ctrl+g", "j", "/", "f5,f6"])


@given(st.dictionaries(st.sampled_from([action.id for action in ACTIONS]), KEYS, max_size=4))
def test_a_keymap_without_problems_leaves_every_action_a_key_of_its_own(given: dict[str, str]) -> None:
    if problems(given):
        return
    keys = {action.id: read_keys(given[action.id]) if action.id in given else action.keys for action in ACTIONS}
    for action in ACTIONS:
        assert keys[action.id]
        if action.safety is not Safety.NONE:
            assert not {"enter", "space", "escape", "q", "j", "a", "z"} & set(keys[action.id])
    for changed in map(by_id, given):
        for other in ACTIONS:
            if other is not changed and together(changed, other):
                as_ever = set(changed.keys) & set(other.keys)
                assert set(keys[changed.id]) & set(keys[other.id]) <= as_ever


def test_keys_are_written_as_an_operator_knows_them() -> None:
    written = {
        key: key_display(key) for key in ("enter", "ctrl+o", "slash", "question_mark", "f5", "D", "ctrl+shift+x")
    }
    assert list(written.values()) == ["⏎", "^o", "/", "?", "f5", "D", "ctrl+shift+x"]


def test_what_is_in_force_is_what_every_place_writes() -> None:
    keymap.use(Console(), {"jobs.deploy": "f9,Z"})
    assert keys_of("jobs.deploy") == ("f9", "Z")
    assert (first_key("jobs.deploy"), shown_keys(by_id("jobs.deploy"))) == ("f9", "f9 Z")
    assert keys_of("job.deploy") == by_id("job.deploy").keys
    keymap.use(Console(), {})
    assert keys_of("jobs.deploy") == by_id("jobs.deploy").keys


def test_actions_that_one_screen_has_are_known_to_work_together() -> None:
    for screen in screens():
        own = [action for scope in (*screen.SCOPES, "table", "screen", "app") for action in in_scope(scope)]
        assert all(together(one, other) for one, other in combinations(own, 2)), screen.__name__


@given(
    st.sampled_from(["jobs.sort", "endpoint.delete", "app.quit"]),
    st.text(max_size=12) | st.text("ctrl+shf,/ ", max_size=9),
)
def test_whatever_is_typed_is_taken_or_told(action: str, text: str) -> None:
    found = problems({action: text})
    assert found or all(key_display(key) for key in read_keys(text))
