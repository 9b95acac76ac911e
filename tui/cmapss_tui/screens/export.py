"""The dialog of an export: which table or picture, as what, and into which file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalGroup
from textual.message import Message
from textual.widgets import Button

from cmapss_core.errors import ConsoleError
from cmapss_tui import formats, theme
from cmapss_tui.polling import run_in_thread
from cmapss_tui.screens.dialog import Dialog
from cmapss_tui.sheet import Sheet
from cmapss_tui.take_away import files, pictures, tables
from cmapss_tui.take_away.files import ExistsError
from cmapss_tui.take_away.pictures import Picture
from cmapss_tui.widgets.form import Choices, Field
from cmapss_tui.widgets.panel import Lines
from cmapss_tui.widgets.plan_view import paragraph

OVERWRITE, EXPORT = "Overwrite", "Export"


@dataclass(frozen=True, slots=True)
class Exports:
    """What can be exported: a table as it was, if there is one, and the screen as it looked; `now` in region time."""

    what: str
    now: datetime
    directory: Path | None
    sheet: Sheet | None
    picture: Picture

    @property
    def formats(self) -> dict[str, str]:
        """The suffix of each format to its words; tables first."""
        rows = self.sheet.rows if self.sheet is not None else ()
        of_table = f"table: {formats.count(len(rows))} row{'' if len(rows) == 1 else 's'}"
        tables = {"csv": f"{of_table}, CSV", "json": f"{of_table}, JSON"} if self.sheet is not None else {}
        return {**tables, "svg": "screen: SVG", "txt": "screen: text"}

    def path(self, suffix: str) -> Path:
        """The file that is proposed."""
        return files.default_path(self.directory, files.default_name(self.what, self.now, suffix))

    def document(self, suffix: str) -> str:
        """What is written."""
        makers: dict[str, Callable[[], str]] = {
            "svg": lambda: pictures.to_svg(self.picture),
            "txt": lambda: pictures.to_text(self.picture),
        }
        if (sheet := self.sheet) is not None:
            makers |= {"csv": lambda: tables.to_csv(sheet), "json": lambda: tables.to_json_rows(sheet)}
        return makers[suffix]()

    def remark(self, suffix: str) -> str:
        """What is to be known of a document before it is opened somewhere else; empty where there is nothing."""
        count = tables.formulas(self.sheet.rows) if suffix == "csv" and self.sheet is not None else 0
        if not count:
            return ""
        texts = "1 text begins" if count == 1 else f"{formats.count(count)} texts begin"
        return f"; {texts} as formulas do, and a spreadsheet may take them for some"


class Written(Message, bubble=False):
    """The file is there."""

    def __init__(self, notice: str) -> None:
        super().__init__()
        self.notice = notice


class NotWritten(Message, bubble=False):
    """It is not, and this is why."""

    def __init__(self, error: ConsoleError) -> None:
        super().__init__()
        self.error = error


class ExportScreen(Dialog[None]):
    """Format and file; where the file exists, exporting asks once more. A failure leaves the dialog as it is."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "cancel", show=False),
    ]
    DEFAULT_CSS = """
    ExportScreen > VerticalGroup { width: 100; padding: 1 1 0 1; }
    ExportScreen Field > .field-label { width: 9; }
    ExportScreen Field > Select.-textual-compact { width: 28; }
    ExportScreen Field.-name > Input.-textual-compact { max-width: 100%; }
    ExportScreen #export-note { height: auto; min-height: 1; margin: 1 0; padding: 0 1; }
    ExportScreen Field { padding: 0 1; }
    """

    def __init__(self, exports: Exports) -> None:
        super().__init__()
        self._exports = exports
        self._overwrite: Path | None = None
        self._writing = False

    def compose(self) -> ComposeResult:
        """Format, file, what is wrong, choices."""
        words = self._exports.formats
        first = next(iter(words))
        with VerticalGroup() as box:
            box.border_title = "Export"
            yield Field("as", "format", first, choices=words)
            yield Field("file", "file", in_home(self._exports.path(first)), placeholder="a file, such as ~/jobs.csv")
            yield Lines(id="export-note")
            yield Choices(
                Button("Cancel", id="cancel", compact=True),
                Button(EXPORT, id="export", compact=True),
                enter="exports",
            )

    def on_mount(self) -> None:
        self._say("", "")
        self.query_one("#export", Button).focus()  # it replaces nothing: Enter may be a reflex

    @property
    def suffix(self) -> str:
        """The format that is chosen."""
        return self.query_one("#field-format", Field).value

    def on_select_changed(self) -> None:
        """The file follows the format, whatever else of it was typed."""
        path = Path(self.query_one("#field-file", Field).value)
        suffix = path.suffix.removeprefix(".")
        if suffix != self.suffix and suffix in self._exports.formats:
            self.query_one("#field-file", Field).set(str(path.with_suffix(f".{self.suffix}")))

    def on_input_changed(self) -> None:
        self._ask_for(None)
        self._say("", "")

    def on_input_submitted(self) -> None:
        self._export()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "cancel":
            self.dismiss()
        else:
            self._export()

    def on_written(self, message: Written) -> None:
        self.dismiss()
        self.app.notify(message.notice, markup=False)

    def on_not_written(self, message: NotWritten) -> None:
        self._writing = False
        if isinstance(message.error, ExistsError):
            self._ask_for(files.path_of(self.query_one("#field-file", Field).value))
            self._say(f"⚠ {message.error.message}: press {OVERWRITE} to replace it, or name another.", theme.WARN)
            self.query_one("#cancel", Button).focus()
        else:
            self._say(f"✕ {message.error.line()}", theme.BAD)

    def _export(self) -> None:
        if self._writing:
            return
        try:
            path = files.path_of(self.query_one("#field-file", Field).value)
        except ConsoleError as error:
            self._say(f"✕ {error.line()}", theme.BAD)
            return
        exports, suffix, overwrite = self._exports, self.suffix, path == self._overwrite
        self._writing = True
        self._say("◐ writing …", theme.BUSY)

        def work() -> str:
            files.write_file(path, exports.document(suffix), overwrite=overwrite)
            return f"exported {exports.formats[suffix]}, to {in_home(path)}{exports.remark(suffix)}"

        run_in_thread(self, work, Written, NotWritten)

    def _ask_for(self, path: Path | None) -> None:
        """Whether the button replaces that file, which is there already."""
        self._overwrite = path
        button = self.query_one("#export", Button)
        button.label = EXPORT if path is None else OVERWRITE
        button.set_class(path is not None, "-danger")
        button.refresh(layout=True)

    def _say(self, text: str, style: str) -> None:
        self.query_one("#export-note", Lines).write(lambda width: paragraph(text, width, style))


def in_home(path: Path) -> str:
    """The path, with `~` for the home directory."""
    try:
        return str("~" / path.relative_to(Path.home()))
    except (ValueError, RuntimeError):
        return str(path)
