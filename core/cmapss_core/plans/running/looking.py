"""Reading back: what a proof says of the world as it is now."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Any

from cmapss_core.aws import Aws
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.plan import Proof
from cmapss_core.plans.running.serialization import is_hidden

Answer = dict[str, Any] | None

# The member that an expression compares with a number: "(… | [0].CurrentWeight) >= `0.5`".
_COMPARED = re.compile(r"\.(\w+)\) [=><]=")


class Sight(Enum):
    """Whether what is read back is as it should be; ABSENT: nothing of it is there."""

    HOLDS = "holds"
    NOT_YET = "not yet"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen, and how far it is, where the proof can tell."""

    sight: Sight
    progress: str = ""

    @property
    def holds(self) -> bool:
        """Whether it is as it should be."""
        return self.sight is Sight.HOLDS


class ProofError(ConsoleError):
    """What AWS was asked for has failed, or does not come about."""


class ChangedError(ConsoleError):
    """Somebody else has changed or deleted what a step is about."""


def read_back(aws: Aws, proof: Proof) -> Answer:
    """What AWS answers, None where it knows no such thing. Raises ConsoleError."""
    try:
        return aws.call(proof.call.service, proof.call.operation, **proof.call.parameters)
    except ConsoleError as error:
        if error.kind is ErrorKind.NOT_FOUND:
            return None
        raise


def judged(proof: Proof, target: str, answer: Answer, *, asked: bool = True) -> Look:
    """What an answer says. Raises ProofError where it has failed, ChangedError where somebody else has changed it.

    Before AWS was `asked` for it, what is there cannot have failed at it yet.
    """
    if answer is None:
        return Look(Sight.HOLDS if proof.gone or proof.or_gone else Sight.ABSENT)
    _require_unchanged(proof, target, answer)
    if asked:
        _require_not_failed(proof, target, answer)
    if proof.gone:
        return Look(Sight.NOT_YET, _progress(proof, answer))
    # What was not written down cannot be compared.
    shown = [(_search(path, answer), good) for path, good in proof.shows.items() if not is_hidden(good)]
    if all(found in good for found, good in shown):
        return Look(Sight.HOLDS)
    if shown and all(found is None for found, _ in shown):
        return Look(Sight.ABSENT)
    return Look(Sight.NOT_YET, _progress(proof, answer))


def deleted_by_others(proof: Proof, target: str) -> ChangedError:
    """The error of a thing that has to be there and is not."""
    named = next((str(value) for name, value in proof.call.parameters.items() if name.endswith("Name")), target)
    return ChangedError(
        ErrorKind.CONFLICT,
        f"{named} was deleted by somebody else",
        remedy="See what is left of it, and make a new plan.",
        operation=proof.call.name,
    )


def _require_unchanged(proof: Proof, target: str, answer: Any) -> None:
    for path, good in proof.unchanged.items():
        found = _search(path, answer)
        if found is not None and found not in good and not is_hidden(good):
            raise ChangedError(
                ErrorKind.CONFLICT,
                f"somebody else has changed {target}: {_difference(path, found)}",
                remedy="See what they did, and make a new plan.",
                operation=proof.call.name,
            )


def _require_not_failed(proof: Proof, target: str, answer: Any) -> None:
    for path, bad in proof.failed.items():
        found = _search(path, answer)
        if found in bad:
            reason = _search(proof.reason, answer) if proof.reason else None
            what = proof.failure or f"{target} is {found}"
            why = f": {reason}" if reason else "" if proof.failure else ": AWS gives no reason"
            raise ProofError(ErrorKind.FAILED, f"{what}{why}", operation=proof.call.name)


def _progress(proof: Proof, answer: Any) -> str:
    found = _search(proof.progress, answer) if proof.progress else None
    return "" if found is None else str(found)


def _search(path: str, answer: Any) -> Any:
    import jmespath

    return jmespath.search(path, answer)


def _difference(path: str, found: Any) -> str:
    """What was found in another's hands; of a comparison, only that it does not hold any more."""
    compared = _COMPARED.search(path)
    return f"{compared[1]} is another now" if compared else f"{_in_words(path)} is now {_short(found)}"


def _in_words(path: str) -> str:
    """The last member that a path names, without what selects it."""
    return path.split("|")[-1].strip().rpartition(".")[2].partition("[")[0] or path


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
