"""What AWS says of a thing, word for word: as JSON or YAML, with the documents that belong to it beside."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import ClassVar, cast

from textual.binding import BindingType
from textual.content import Content

from cmapss_tui import formats, theme
from cmapss_tui.actions import Action, bindings_for
from cmapss_tui.described import (
    FORMATS,
    Described,
    Document,
    answer_of,
    coloured,
    describe,
    endpoint_documents,
    leaves,
)
from cmapss_tui.keymap import first_key
from cmapss_tui.polling import Poller, ReadFailed, SnapshotRead
from cmapss_tui.screens.text import TextScreen
from cmapss_tui.sheet import Sheet
from cmapss_tui.widgets.panel import Lines, at_both_ends
from cmapss_tui.widgets.text_view import TextView

CHANGING_SECONDS, RESTING_SECONDS = 5.0, 30.0  # of this machine, between readings
_CHANGING = ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting", "InProgress", "Stopping")
READING = "Reading …"
NOT_READ = "✕ It could not be read: see above."


class DescribeScreen(TextScreen):
    """The answer to one call; `related` are further documents, to which tab goes on.

    What is in them may be secret (the environment of a container): it is shown, and kept nowhere.
    """

    SCOPES: ClassVar[tuple[str, ...]] = ("describe",)
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_for("describe")]

    def __init__(
        self,
        title: str,
        service: str,
        operation: str,
        parameters: Mapping[str, object],
        *,
        related: Sequence[Document] = (),
    ) -> None:
        super().__init__()
        self._title = title
        self._again = partial(DescribeScreen, title, service, operation, parameters, related=related)
        first = Document(_thing(operation), answer_of(service, operation, parameters))
        self._documents = (first, *related)
        self._shown = 0
        self._format = FORMATS[0]
        self._poller: Poller[Described] | None = None
        self._described: Described | None = None

    def new_view(self) -> TextView[object]:
        """The document's lines."""
        view: TextView[str] = TextView(str, body=coloured, empty=READING)
        return cast("TextView[object]", view)

    def on_mount(self) -> None:
        self._poller = self.add_poller("document", self._read, _interval)

    def on_snapshot_read(self, message: SnapshotRead) -> None:
        self._described = message.snapshot
        self._show()

    def on_read_failed(self, _: ReadFailed) -> None:
        if self._described is None:
            self.view().show((), empty=NOT_READ)

    def again(self) -> Callable[[], DescribeScreen]:
        """The same thing, as it is by then."""
        return self._again

    def copyable(self) -> Mapping[str, str]:
        """The document in the format in which it is shown, and the line under the cursor."""
        if self._described is None:
            return {}
        line = self.view().cursor_line
        return {
            f"{self._described.label} as {self._format}": "\n".join(self._described.lines[self._format]),
            "line": str(line).strip(),
        }

    def sheet(self) -> Sheet | None:
        """Each value with its path."""
        if self._described is None:
            return None
        return Sheet("description", ("path", "value"), list(leaves(self._described.answer)))

    def show_head(self) -> None:
        """What it is, which of its documents, in which format."""
        labels = [
            Content.styled(f" {document.label} ", "bold reverse" if place == self._shown else theme.QUIET)
            for place, document in enumerate(self._documents)
        ]
        several = len(labels) > 1
        here = f" {self._documents[self._shown].label} {self._shown + 1}/{len(labels)} "
        form = Content.styled(f"{first_key('describe.format')}: {self._format}", theme.QUIET)

        def lines(width: int) -> list[Content]:
            tail = form
            if several:
                tabs = Content(" ").join(labels)
                whole = Content.assemble(tabs, "  ", form)
                fits = whole.cell_length + 18 <= width
                tail = whole if fits else Content.assemble((here, "bold reverse"), "  ", form)
            name = formats.middle_elided(self._title, max(16, width - tail.cell_length - 2))
            return at_both_ends(Content.styled(name, "bold"), tail, width)

        self.query_one("#text-head", Lines).write(lines)

    def why_not(self, action: Action) -> str | None:
        """There are further documents of some things only."""
        if action.id in ("describe.next", "describe.previous") and len(self._documents) == 1:
            return "There is one document of this."
        return super().why_not(action)

    def action_format(self) -> None:
        """The same in the other format, near the same place."""
        view = self.view()
        lines = self._described.lines if self._described is not None else {}
        share = view.cursor / max(1, len(view.lines) - 1)
        self._format = FORMATS[(FORMATS.index(self._format) + 1) % len(FORMATS)]
        if lines:
            self._show()
            view.move_to(round(share * (len(lines[self._format]) - 1)))
        self.show_head()

    def action_next(self) -> None:
        """The next document."""
        self._go_to(self._shown + 1)

    def action_previous(self) -> None:
        """The document before."""
        self._go_to(self._shown - 1)

    def _go_to(self, place: int) -> None:
        self._shown = place % len(self._documents)
        self._described = None
        view = self.view()
        view.show((), empty=READING)
        if self._poller is not None:
            self._poller.restart()
        self.show_head()

    def _read(self) -> Described:
        return describe(self.aws, self._documents[self._shown])

    def _show(self) -> None:
        if self._described is not None:
            self.view().show(self._described.lines[self._format])
            self.show_head()


def describe_endpoint(name: str) -> DescribeScreen:
    """An endpoint with its config, models, scalable targets, scaling policies and alarms."""
    return DescribeScreen(
        name, "sagemaker", "DescribeEndpoint", {"EndpointName": name}, related=endpoint_documents(name)
    )


def _thing(operation: str) -> str:
    """What an operation describes, in words: `DescribeTrainingJob` is of a training job."""
    name = operation.removeprefix("Describe")
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()


def _interval(described: Described | None) -> float:
    if described is None:
        return CHANGING_SECONDS
    changes = any(str(key).endswith("Status") and value in _CHANGING for key, value in described.answer.items())
    return CHANGING_SECONDS if changes else RESTING_SECONDS
