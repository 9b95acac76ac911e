"""Forms: fields that say at once what is wrong with their value, and the choices at the end."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable, Iterable, Mapping
from time import monotonic
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.events import Click, Key
from textual.message import Message
from textual.reactive import reactive
from textual.suggester import SuggestFromList
from textual.widget import Widget
from textual.widgets import Button, Collapsible, Input, OptionList, Select, Static

from cmapss_core.errors import ConsoleError
from cmapss_tui import theme
from cmapss_tui.widgets.panel import Scrolled

V = TypeVar("V")

MOVES, TAB_MOVES = "tab or underlined letter moves", "tab moves"
NARROWEST = 18
SELECT_FRAME = 6  # padding, the arrow, a scroll bar


class OnOff(Widget, can_focus=True):
    """A switch that says which way it stands in a glyph and a word; space and enter turn it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space,enter", "turn", "turn on or off", show=False)]
    DEFAULT_CSS = """
    OnOff { height: 1; text-wrap: nowrap; }
    OnOff:focus { background: $cursor; }
    """
    on: reactive[bool] = reactive(False, init=False)

    class Changed(Message):
        """It was turned."""

        def __init__(self, switch: OnOff) -> None:
            super().__init__()
            self.switch = switch

        @property
        def control(self) -> OnOff:
            """The switch."""
            return self.switch

    def __init__(self, on: bool, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.set_reactive(OnOff.on, on)

    def render(self) -> Content:
        """● on or ○ off."""
        return Content.styled("● on", theme.GOOD) if self.on else Content.styled("○ off", theme.QUIET)

    def watch_on(self) -> None:
        """Tell the form."""
        self.post_message(self.Changed(self))

    def action_turn(self) -> None:
        """The other way."""
        self.on = not self.on

    def on_click(self, event: Click) -> None:
        event.stop()
        self.action_turn()


class Field(Horizontal):
    """A label, a value, and beside it a hint or what is wrong; a name is typed into what width there is."""

    DEFAULT_CSS = """
    Field { height: 1; }
    Field > .field-label { width: 19; color: $quiet; }
    Field > Input.-textual-compact, Field > OnOff {
        width: 18; height: 1; border: none; padding: 0 1; background: $panel;
        &:focus { border: none; background: $cursor; }
        &:disabled { color: $quiet; background: $surface; }
    }
    Field > Select.-textual-compact {
        width: 18; height: 1;
        & > SelectCurrent { height: 1; padding: 0 1; background: $panel; }
        &:focus > SelectCurrent { border: none; background: $cursor; background-tint: transparent; }
        &:disabled > SelectCurrent { background: $surface; }
        & > SelectOverlay, & > SelectOverlay:focus {
            border: none; padding: 0; background: $panel; background-tint: transparent;
            & > .option-list--option { padding: 0 1; }
        }
    }
    Field > .field-note { width: 1fr; padding: 0 0 0 2; color: $quiet; text-wrap: nowrap; text-overflow: ellipsis; }
    Field.-name > Input.-textual-compact { width: 1fr; max-width: 66; }
    Field.-name > .field-note { width: auto; max-width: 60%; }
    Field.-invalid > .field-note { color: $error; }
    """

    def __init__(
        self,
        label: str,
        key: str,
        value: str | bool = "",
        *,
        hint: str = "",
        placeholder: str | None = None,
        choices: Mapping[str, str] | None = None,
    ) -> None:
        """A field for a name has a placeholder, one for yes or no a bool for its value, one of several their words."""
        super().__init__(id=f"field-{key}", classes="-name" if placeholder is not None else "")
        self.label = label
        self.key = key
        self._value = value
        self._hint = hint
        self._placeholder = placeholder or ""
        self._choices = choices

    def compose(self) -> ComposeResult:
        """Label, value, note."""
        yield Static(self.label, classes="field-label", markup=False)
        if isinstance(self._value, bool):
            yield OnOff(self._value, id=self.key)
        elif self._choices is not None:
            options = [(words, value) for value, words in self._choices.items()]
            select = Select(options, value=self._value, allow_blank=False, compact=True, id=self.key)
            # The list that drops down is as wide as this: its rows are not cut.
            select.styles.width = max(NARROWEST, max(map(len, self._choices.values())) + SELECT_FRAME)
            yield select
        else:
            yield Input(self._value, placeholder=self._placeholder, compact=True, select_on_focus=False, id=self.key)
        yield Static(self._hint, classes="field-note", markup=False)

    @property
    def value(self) -> str:
        """What is typed, without spaces around it, or which of the choices is chosen."""
        return str(self.query_one(Select).value) if self._choices is not None else self.query_one(Input).value.strip()

    @property
    def is_text(self) -> bool:
        """Whether it is typed into."""
        return self._choices is None and not isinstance(self._value, bool)

    @property
    def checked(self) -> bool:
        """Whether it is on."""
        return self.query_one(OnOff).on

    def parsed(self, parse: Callable[[str], V]) -> V | None:
        """The value as `parse` makes it; where that raises, None, and the reason is said beside the value."""
        try:
            value = parse(self.value)
        except ArgumentTypeError as error:
            self.show_problem(str(error) if self.value else "is needed")
            return None
        except ConsoleError as error:
            self.show_problem(error.message)
            return None
        self.show_problem(None)
        return value

    def show_problem(self, problem: str | None) -> None:
        """Say what is wrong with the value, or that nothing is."""
        self.set_class(problem is not None, "-invalid")
        self.query_one(".field-note", Static).update(self._hint if problem is None else f"✕ {problem}")

    def set(self, value: str | bool) -> None:
        """Put another value into it, as if it were typed or turned."""
        if isinstance(value, bool):
            self.query_one(OnOff).on = value
        elif self._choices is not None:
            self.query_one(Select).value = value
        else:
            self.query_one(Input).value = value

    def show_hint(self, hint: str) -> None:
        """Say something else beside the value from now on."""
        self._hint = hint
        if not self.has_class("-invalid"):
            self.query_one(".field-note", Static).update(hint)

    def count(self, counts: bool) -> None:
        """Whether the value matters at all; one that does not cannot be changed, and nothing is wrong with it."""
        self.query_one(f"#{self.key}").disabled = not counts
        if not counts:
            self.show_problem(None)

    def suggest(self, values: Iterable[str]) -> None:
        """Complete what is typed to one of these; → takes it."""
        self.query_one(Input).suggester = SuggestFromList(values, case_sensitive=False)


def say_of_name(typed: Field, wanted: str | None, button: str) -> None:
    """Say beside a name that has to be typed whether it can still become the one that is wanted, or is it."""
    wrong = typed.value and wanted is not None and not wanted.startswith(typed.value)
    typed.show_hint(f"✓ ⏎ goes to {button}" if typed.value and typed.value == wanted else "")
    typed.show_problem("is not the name" if wrong else None)


class Fold(Collapsible):
    """Fields that few need: one line until it is opened."""

    DEFAULT_CSS = """
    Fold, Fold:focus-within { border: none; padding: 0; background: transparent; background-tint: transparent; }
    Fold > CollapsibleTitle {
        padding: 0; color: $quiet;
        &:hover { background: transparent; color: $foreground; }
        &:focus { background: $cursor; color: $foreground; }
    }
    Fold > Contents { padding: 0; height: auto; }
    """

    def __init__(self, title: str, *fields: Field, id: str | None = None) -> None:
        super().__init__(*fields, title=title, id=id)

    def open_where_wrong(self) -> None:
        """Show a field with something wrong in it."""
        if self.query(".-invalid"):
            self.collapsed = False


def values_of(form: Widget) -> dict[str, str | bool]:
    """What all fields of a form hold, by the ids of their inputs, switches and choices."""
    values: dict[str, str | bool] = {entry.id or "": entry.value for entry in form.query(Input)}
    values |= {switch.id or "": switch.on for switch in form.query(OnOff)}
    values |= {one.id or "": str(one.value) for one in form.query(Select)}
    return values


class Choices(Horizontal):
    """Buttons side by side; the arrow keys go from one to the next, and from all over the screen their capitals to
    each."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step(-1)", "previous", show=False),
        Binding("right", "step(1)", "next", show=False),
    ]
    DEFAULT_CSS = """
    Choices { height: 1; padding: 0 1; background: $surface; }
    Choices > Button.-style-default.-textual-compact {
        min-width: 8; height: 1; border: none; padding: 0 1; margin: 0 2 0 0; line-pad: 1;
        background: $panel; color: $foreground; text-style: none; tint: transparent;
        &:hover { background: $cursor; border: none; }
        &:focus { background: $primary; color: $background; text-style: bold; border: none; }
        &.-danger:focus { background: $error; color: $background; }
        &:disabled { background: $surface; color: $quiet; text-style: none; text-opacity: 80%; border: none; }
    }
    Choices > .moves { width: 1fr; text-align: right; color: $quiet; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    # More than it takes a key that is held down to repeat, with every usual setting of a keyboard.
    HELD_SECONDS: ClassVar[float] = 0.7

    def __init__(self, *buttons: Button, enter: str = "goes on") -> None:
        """`enter` is what Enter does in a field that is typed into."""
        super().__init__()
        self._buttons = buttons
        self._enter = enter
        self._entered: tuple[Button, float] | None = None

    def compose(self) -> ComposeResult:
        """The buttons, and how to reach them and the fields."""
        yield from self._buttons
        yield Static(TAB_MOVES, classes="moves", markup=False)

    def on_mount(self) -> None:
        self.watch(self.screen, "focused", self._show_letters)
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self._show_letters())
        for button in self._buttons:
            self.watch(button, "label", self._show_letters)
            self.watch(button, "disabled", self._show_letters)

    def lead(self, event: Key) -> None:
        """A button's capital letter goes to it and presses nothing; what is bound, or is typed, is left alone."""
        button = self._at(event.character or "")
        if button is not None:
            event.stop()
            button.focus()

    def enter(self, button: Button) -> None:
        """Lead to a button by Enter: what presses it is another Enter, and not the same one, held down."""
        self._entered = (button, monotonic())
        button.focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        now, entered = monotonic(), self._entered
        if entered is not None and event.button is entered[0] and now - entered[1] < self.HELD_SECONDS:
            self._entered = (event.button, now)
            event.stop()

    def action_step(self, steps: int) -> None:
        """To the button beside it that can be pressed, if there is one: never out of the row, to where one types."""
        buttons = [button for button in self._buttons if button.focusable]
        focused = self.screen.focused
        if isinstance(focused, Button) and focused in buttons:
            buttons[min(max(buttons.index(focused) + steps, 0), len(buttons) - 1)].focus()

    def _at(self, character: str) -> Button | None:
        """The button that a letter leads to now."""
        screen = self.screen
        if not character.isupper() or isinstance(screen.focused, Input | OptionList):
            return None
        if character in screen.active_bindings:
            return None
        if screen.check_consume_key(character, character):
            return None
        found = (one for one in self._buttons if str(one.label).startswith(character) and one.focusable)
        return next(found, None)

    def _show_letters(self) -> None:
        """Underline the letters that lead somewhere."""
        for button in self._buttons:
            label = Content(str(button.label))
            leads = self._at(label.plain[:1]) is button
            button.set_reactive(Button.label, label.stylize("underline", 0, 1) if leads else label)
            button.refresh()
        self._show_hint()

    def _show_hint(self) -> None:
        """Say what moves from here: a letter only does so where it is not typed, and leads to a button."""
        match self.screen.focused:
            case Input():
                hint = f"⏎ {self._enter}   tab moves"
            case OptionList():
                hint = "⏎ chooses   esc leaves"
            case Select():
                hint = "⏎ opens the list   tab moves"
            case OnOff():
                hint = "⏎ turns it   tab moves"
            case Scrolled():
                hint = "↑↓ scrolls   tab moves"
            case Button() if any(self._at(str(button.label)[:1]) for button in self._buttons):
                hint = MOVES
            case _:
                hint = TAB_MOVES
        self.query_one(".moves", Static).update(hint)
