"""Roll-outs that are over before the console is opened: those that the journal knows, and no others."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from cmapss_core.aws import Identity
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.journal import Journal
from cmapss_core.plans.plan import Call, Place, Plan, Proof, Step
from cmapss_core.plans.running.history import event_line
from cmapss_core.plans.running.operations import StepEvent, StepState
from cmapss_tui.operations.past_rollouts import PastRollout, PastRollouts
from cmapss_tui.screens.endpoint_reading import EndpointReader, SeenRollout, with_past
from cmapss_tui.screens.endpoint_view import View
from cmapss_tui.widgets.chart_lanes import Mark, mark_lane
from cmapss_tui.widgets.chart_scale import TimeAxis
from tests.tui.consoles import ENDPOINT, MINUTE, NOW, deploy_plan, endpoint
from tests.tui.journals import PLACE
from tests.tui.test_endpoint_reading import Asked, asked

__all__ = ["asked"]

HERE = (ENDPOINT, PLACE.account, PLACE.region)
Told = tuple[int, StepState, int]  # a step, what happened to it, how many minutes before now
DONE: tuple[Told, ...] = ((1, "acting", 30), (1, "done", 30), (2, "done", 18))
UNDONE: tuple[Told, ...] = ((1, "undoing", 10), (1, "undone", 2))
TAKEN_BACK = ConsoleError(ErrorKind.FAILED, f"{ENDPOINT} is rolled back to its former config: errors")
PASSING = ConsoleError(ErrorKind.AUTH, "The token is expired")


def update_plan(config: str = "config-b", *, target: str = ENDPOINT, place: Place = PLACE) -> Plan:
    def call(to: str) -> Call:
        return Call("sagemaker", "UpdateEndpoint", {"EndpointName": target, "EndpointConfigName": to})

    proof = Proof(call=Call("sagemaker", "DescribeEndpoint", {"EndpointName": target}))
    back = Step(title="update endpoint back", detail="config-a", call=call("config-a"), proof=proof)
    steps = (
        Step(n=1, title="update endpoint", detail=config, call=call(config), proof=proof, undo=back),
        Step(n=2, title="wait for the roll-out", detail="usually 9 minutes", call=None, proof=proof),
    )
    identifier = f"update-2026-11-22-16-00-00-{config}"
    return replace(deploy_plan(), id=identifier, intention="update", target=target, steps=steps, place=place)


def written(journal: Journal, plan: Plan, *told: Told, error: ConsoleError | None = None) -> None:
    log, _ = journal.begin(plan, NOW - 31 * MINUTE)
    for n, state, ago in told:
        said = error if state == "failed" else None
        event = StepEvent(plan_id=plan.id, n=n, state=state, message="", at=NOW - ago * MINUTE, error=said)
        log.write(state, event.at, **event_line(event))
    log.close()


def at(ago: int) -> datetime:
    return NOW - ago * MINUTE


@pytest.mark.parametrize(
    ("told", "error", "known"),
    [
        (DONE, None, [PastRollout("config-b", at(30), at(18))]),
        (DONE + UNDONE, None, [PastRollout("config-b", at(30), at(18)), PastRollout("config-a", at(10), at(2))]),
        ((*DONE[:2], (2, "failed", 20)), TAKEN_BACK, [PastRollout("config-b", at(30), at(20), taken_back=True)]),
        ((*DONE[:2], (2, "failed", 20)), PASSING, []),
        (DONE[:2], None, []),
        (((1, "skipped", 30), (2, "done", 18)), None, []),
        ((*DONE, (1, "kept", 10)), None, [PastRollout("config-b", at(30), at(18))]),
    ],
)
def test_what_the_journal_has_seen_begin_and_end_is_known(
    told: tuple[Told, ...], error: ConsoleError | None, known: list[PastRollout], tmp_path: Path
) -> None:
    journal = Journal(tmp_path)
    written(journal, update_plan(), *told, error=error)
    assert [*PastRollouts(journal, *HERE).read()] == known


def test_those_of_other_endpoints_and_places_are_none_of_it(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    written(journal, update_plan("config-b", target="another"), *DONE)
    written(journal, update_plan("config-c", place=replace(PLACE, region="eu-west-1")), *DONE)
    written(journal, update_plan("config-d", place=replace(PLACE, account="123456789012")), *DONE)
    (tmp_path / "update-broken.jsonl").write_text("not a journal")
    reader = PastRollouts(journal, *HERE)
    assert reader.read() == ()
    written(journal, update_plan("config-e"), *DONE)
    assert [one.config for one in reader.read()] == ["config-e"]
    assert [one.config for one in reader.read()] == ["config-e"]


def test_no_journal_knows_of_none(tmp_path: Path) -> None:
    assert PastRollouts(Journal(tmp_path / "nowhere"), *HERE).read() == ()


def test_what_was_seen_is_told_once_and_what_was_before_the_endpoint_not_at_all() -> None:
    seen = (SeenRollout("config-b", at(29), ((at(29), "Creating"),), at(18)),)
    past = [
        PastRollout("config-b", at(30), at(18)),
        PastRollout("config-a", at(40), at(35)),
        PastRollout("config-b", at(12), at(3)),  # the same once more
        PastRollout("config-0", at(60), at(50)),
    ]
    found = with_past(seen, past, endpoint())  # made 45 minutes ago
    assert [(one.config, one.started) for one in found] == [
        ("config-a", at(40)),
        ("config-b", at(29)),
        ("config-b", at(12)),
    ]
    assert found[1] is seen[0]
    assert with_past(seen, past, None) == seen


def test_the_reader_of_an_endpoint_tells_of_them_once_the_account_is_known(
    asked: Asked, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CMAPSS_CONSOLE_HOME", str(tmp_path))
    written(Journal(tmp_path / "journal"), update_plan(), *DONE)
    reader = EndpointReader(asked.aws, ENDPOINT)
    assert reader.read(View()).rollouts == ()
    asked.aws.remember("identity", lambda: Identity(PLACE.account, "arn:aws:iam::000000000000:role/me", "me"))
    assert reader.read(View()).rollouts == (SeenRollout("config-b", at(30), (), at(18)),)


AXIS = TimeAxis.fit(NOW, 60, window=60)


def drawn(*marks: Mark) -> str:
    lane = mark_lane("roll", marks, AXIS)
    cells = {column: glyph for column, glyph, _ in lane.cells}
    for start, words in lane.words:
        assert not cells.keys() & range(start - 1, start + len(words))
        cells |= {start + place: character for place, character in enumerate(words)}
    return "".join(cells.get(column, " ") for column in range(AXIS.width))


def ended(minute: int, *words: str, began: int) -> tuple[Mark, Mark]:
    begin, end = (AXIS.start + timedelta(minutes=each) for each in (began, minute))
    return Mark(begin, ("◐", ""), end, ("╌", "")), Mark(end, ("●", ""), rank=1, words=words)


def test_words_stand_behind_their_mark_or_before_it_or_nowhere() -> None:
    forms = ("rolled out 15:52–16:02", "rolled out")
    assert drawn(*ended(20, *forms, began=10)) == " " * 10 + "◐╌╌╌╌╌╌╌╌╌● rolled out 15:52–16:02" + " " * 16
    assert drawn(*ended(50, *forms, began=40)).strip() == "rolled out 15:52–16:02 ◐╌╌╌╌╌╌╌╌╌●"
    assert drawn(*ended(45, *forms, began=5)).strip() == "◐" + "╌" * 39 + "● rolled out"
    assert drawn(*ended(55, *forms, began=3)).strip() == "◐" + "╌" * 51 + "●"
    two = drawn(*ended(12, *forms, began=10), *ended(30, *forms, began=26))
    assert two.strip() == "◐╌● rolled out  ◐╌╌╌● rolled out 15:52–16:02"
