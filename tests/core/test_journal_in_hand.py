"""One process at a time has an operation in hand, whatever it does with it, and until it ends however that ends."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.journal import Journal
from cmapss_core.plans.running.history import RESUMED, event_line
from tests.core.journals import HERE, THERE, plan_on, told, written
from tests.core.scripted import NOW
from tests.core.unreliable import making


def test_only_one_operation_runs_on_a_target(journal: Journal) -> None:
    log, _ = journal.begin(plan_on("Endpoint", 1, HERE), NOW)
    assert [operation.status for operation in journal.operations()] == ["running"]
    with pytest.raises(ConsoleError, match="change-2026-0001 is running on endpoint") as caught:
        journal.begin(plan_on("endpoint", 2, HERE), NOW)
    assert caught.value.kind is ErrorKind.CONFLICT
    with pytest.raises(ConsoleError, match="is running"):
        journal.begin(plan_on("Endpoint", 1, HERE), NOW)
    for number, target, place in ((3, "another", HERE), (4, "endpoint", THERE)):
        journal.begin(plan_on(target, number, place), NOW)[0].close()
    log.close()
    assert [operation.id for operation in journal.open_on("endpoint", HERE)] == ["change-2026-0001"]
    journal.begin(plan_on("endpoint", 2, HERE), NOW)[0].close()
    assert len(journal.open_on("endpoint")) == 3


def test_an_operation_that_ran_while_another_was_read_is_not_taken_up_twice(journal: Journal) -> None:
    written(journal, plan_on("a"), "started", "acting")
    record = journal.read("change-2026-0000")
    log, now = journal.reopen(record, RESUMED, NOW)
    assert now.states == {1: "acting"}
    with pytest.raises(ConsoleError, match="is running"):
        journal.reopen(record, RESUMED, NOW)
    log.write("done", NOW, **event_line(told(1, "done")))
    log.close()
    with pytest.raises(ConsoleError, match="has just been taken up by another console"):
        journal.reopen(record, RESUMED, NOW)


_RACE = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from cmapss_core.errors import ConsoleError
from cmapss_core.plans.journal import Journal
from cmapss_core.plans.plan import Call, Plan, Proof, Step
step = Step(n=1, title="t", call=None, proof=Proof(call=Call("s", "O")))
plan = Plan(id=f"change-{sys.argv[2]}", intention="change", target="endpoint", steps=(step,))
print("ready", flush=True)
sys.stdin.readline()
try:
    Journal(Path(sys.argv[1])).begin(plan, datetime.now(UTC))
    print("mine", flush=True)
except ConsoleError as error:
    print(error.kind.value, flush=True)
sys.stdin.readline()
"""


def test_of_processes_that_begin_at_once_one_gets_the_target(journal: Journal) -> None:
    with processes(*((_RACE, str(journal.directory), str(number)) for number in range(4))) as started:
        assert [heard(process) for process in started] == ["ready"] * 4
        for process in started:
            say_go(process)
        assert sorted(heard(process) for process in started) == ["conflict", "conflict", "conflict", "mine"]
        assert [operation.status for operation in journal.operations()] == ["running"]
    assert [operation.status for operation in journal.operations()] == ["open"], "the lock ends with the process"


_TAKING_UP = """
import sys
from pathlib import Path
from cmapss_core.errors import ConsoleError
from cmapss_core.plans import runner
from cmapss_core.plans.journal import Journal
from tests.core.scripted import ScriptedAws, not_found
def change(**parameters):
    print("mine", flush=True)
    sys.stdin.readline()
    return {}
answers = {
    "things:Make": change,
    "things:Delete": change,
    "things:Look": lambda Name: {"Value": "ours", "Status": "Ready"} if Name == "a" else not_found(),
}
aws, journal = ScriptedAws(answers, step_seconds=60), Journal(Path(sys.argv[1]))
print("ready", flush=True)
while sys.stdin.readline():
    try:
        getattr(runner, sys.argv[2])(aws, "change-2026-0000", journal)
    except ConsoleError as error:
        print(error.message, flush=True)
"""


@pytest.mark.parametrize("way", ["resume", "roll_back"])
def test_an_operation_is_in_one_hand_at_a_time_and_in_the_next_once_that_process_was_killed(
    way: str, journal: Journal
) -> None:
    written(journal, plan_on("a", 0, None, making("a", "ours"), making("b", "ours")), "started", "acting", "done")
    ways = [(_TAKING_UP, str(journal.directory), one) for one in (way, "roll_back")]
    with processes(*ways) as (first, second):
        assert [heard(process) for process in (first, second)] == ["ready", "ready"]
        say_go(first)
        assert heard(first) == "mine", "it is in the middle of a call"
        say_go(second)
        assert heard(second) == "change-2026-0000 is running on a"
        first.kill()
        first.wait()
        say_go(second)
        assert heard(second) == "mine"


@contextmanager
def processes(*arguments: tuple[str, ...]) -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that run these scripts, and are killed in the end."""
    pipe = subprocess.PIPE
    started = [
        subprocess.Popen([sys.executable, "-c", *of_one], stdin=pipe, stdout=pipe, text=True) for of_one in arguments
    ]
    try:
        yield started
    finally:
        for process in started:
            process.kill()
            process.communicate()


def say_go(process: subprocess.Popen[str]) -> None:
    """Let it go on."""
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def heard(process: subprocess.Popen[str]) -> str:
    """The next line that it prints."""
    assert process.stdout is not None
    return process.stdout.readline().strip()
