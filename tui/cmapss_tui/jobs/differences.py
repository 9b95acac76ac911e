"""Two training jobs beside each other, fact by fact: what differs first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from textual.content import Content

from cmapss_core.jobs import TrainingJob
from cmapss_tui import formats
from cmapss_tui.filters import Value
from cmapss_tui.jobs import rows as job_rows
from cmapss_tui.jobs.parameters import parameter_names
from cmapss_tui.widgets.table import Cell, Column

DIFFERS, SAME = "≠", "="
DIGITS = 6  # significant ones of a number, where these tell the two apart
COLUMNS = (
    Column("fact", "fact", 22, frozen=True),
    Column("left", "left", elide="middle", minimum=14),
    Column("right", "right", elide="middle", minimum=14),
    Column("change", "right − left", 14, "right", optional=True),
    Column("group", "group", 16, optional=True),
)
FIELDS = ("fact", "group", "left", "right")


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that two jobs have or have not, as text; `change` is right less left, where both are numbers,
    and `change_shown` how that is written."""

    group: str
    name: str
    left: str | None
    right: str | None
    change: float | None = None
    change_shown: str = ""

    @property
    def differs(self) -> bool:
        """Whether the two have it otherwise."""
        return self.left != self.right


def differences(left: TrainingJob, right: TrainingJob) -> list[Fact]:
    """All facts of two jobs; those that differ first, and within that in the order in which they matter."""
    facts = [
        _fact("job", "status", left.status, right.status),
        _number("result", "objective value", left.objective_value, right.objective_value),
        *_numbers("metrics", left.metrics, right.metrics),
        *(
            _parameter(name, left.hyperparameters.get(name), right.hyperparameters.get(name))
            for name in parameter_names(dict.fromkeys([*left.hyperparameters, *right.hyperparameters]))
        ),
        _duration(left.duration_seconds, right.duration_seconds),
        _fact("job", "instance type", left.instance_type, right.instance_type),
        _fact("job", "image", left.image, right.image),
        _fact("job", "data", left.data, right.data),
        _fact("job", "tuning job", left.tuning_job, right.tuning_job),
        _fact("result", "objective metric", left.objective_metric, right.objective_metric),
        _fact("job", "role", left.role_arn, right.role_arn),
        _fact("result", "failure reason", left.failure_reason, right.failure_reason),
        _fact("job", "created", formats.moment(left.created), formats.moment(right.created)),
        _fact("result", "model artefact", left.model_artifact, right.model_artifact),
    ]
    known = [fact for fact in facts if fact.left is not None or fact.right is not None]
    return sorted(known, key=lambda fact: not fact.differs)


def cell(fact: Fact, column: str, width: int) -> Cell:
    """What a column says of a fact; `width` is that of the narrower of the two sides."""
    match column:
        case "fact":
            return fact.name
        case "left" | "right":
            left, right = sides(fact, width)
            return _side(fact, left if column == "left" else right)
        case "change":
            return fact.change_shown if fact.change else ""
        case _:
            return fact.group


def key(fact: Fact) -> str:
    """What names a fact."""
    return f"{fact.group} {fact.name}"


def sign(fact: Fact) -> str:
    """Whether it differs, as a glyph."""
    return DIFFERS if fact.differs else SAME


def words(fact: Fact) -> str:
    """What a plain word of a filter is looked for in, in lower case."""
    return f"{fact.name} {fact.left} {fact.right}".lower()


def field(fact: Fact, name: str) -> Value:
    """What a filter's field is for a fact."""
    return {"fact": fact.name, "group": fact.group, "left": fact.left, "right": fact.right}[name]


def as_text(left: TrainingJob, right: TrainingJob, facts: Sequence[Fact]) -> str:
    """The comparison to be pasted: a line each, aligned."""
    rows = [("", "", left.name, right.name)]
    rows += [(sign(fact), fact.name, fact.left or formats.NOTHING, fact.right or formats.NOTHING) for fact in facts]
    widths = [max(len(row[place]) for row in rows) for place in range(3)]
    return "\n".join(
        f"{mark:<{widths[0]}} {name:<{widths[1]}}  {one:<{widths[2]}}  {other}".rstrip()
        for mark, name, one, other in rows
    )


def sides(fact: Fact, width: int) -> tuple[str | None, str | None]:
    """Both sides as they are shown: numbers with no more digits than tell them apart, what is long where it differs."""
    if fact.left is None or fact.right is None:
        return fact.left, fact.right
    one, other = (formats.parameter(text, DIGITS) for text in (fact.left, fact.right))
    if fact.change is None or (one == other and fact.differs):
        one, other = fact.left, fact.right
    return told_apart(one, other, width)


def told_apart(one: str, other: str, width: int) -> tuple[str, str]:
    """Two texts within `width`, both by one rule: what they have in common at the beginning gives way first."""
    longest = max(len(one), len(other))
    if longest <= width or one == other:
        return one, other
    pairs = enumerate(zip(one, other, strict=False))
    common = next((place for place, (here, there) in pairs if here != there), min(len(one), len(other)))
    start = min(common, longest - width + 1)
    return _from(start, one, width), _from(start, other, width)


def _from(start: int, text: str, width: int) -> str:
    shown = f"{formats.ELLIPSIS}{text[start:]}" if start else text
    return shown if len(shown) <= width else f"{shown[: max(0, width - 1)]}{formats.ELLIPSIS}"


def _side(fact: Fact, text: str | None) -> Cell:
    shown = formats.NOTHING if text is None else text
    if fact.name == "status" and text is not None:
        return job_rows.status(text)
    return Content.styled(shown, "bold") if fact.differs and "/" not in shown else shown


def _fact(group: str, name: str, left: str | None, right: str | None) -> Fact:
    return Fact(group, name, left, right)


def _number(group: str, name: str, left: float | None, right: float | None) -> Fact:
    change = right - left if left is not None and right is not None else None
    one, other = (None if value is None else formats.objective(value) for value in (left, right))
    decimals = max((len(text.partition(".")[2]) for text in (one, other) if text and "e" not in text), default=0)
    return Fact(group, name, one, other, change, _signed(change, decimals))


def _signed(change: float | None, decimals: int) -> str:
    """A difference with the decimals of what it is between; a smaller one with as many digits as it takes."""
    if change is None or not math.isfinite(change):
        return ""
    return f"{change:+.{decimals}f}" if abs(change) >= 10**-decimals else f"{change:+.3g}"


def _numbers(group: str, left: Mapping[str, float], right: Mapping[str, float]) -> list[Fact]:
    return [_number(group, name, left.get(name), right.get(name)) for name in sorted({*left, *right})]


def _parameter(name: str, left: str | None, right: str | None) -> Fact:
    try:
        change = float(right or "") - float(left or "")
    except ValueError:
        change = None
    return Fact("hyper-parameters", name, left, right, change, "" if change is None else f"{change:+.4g}")


def _duration(left: float | None, right: float | None) -> Fact:
    change = right - left if left is not None and right is not None else None
    one, other = (None if value is None else formats.duration(value) for value in (left, right))
    sign = "-" if (change or 0) < 0 else "+"
    return Fact("job", "took", one, other, change, "" if change is None else f"{sign}{formats.duration(abs(change))}")
