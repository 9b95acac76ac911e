"""The console's driver: nothing that a terminal sends can end the console, but that there is no terminal any more.

Textual's own decodes strictly, and counts on every sequence to be one that a terminal would send: a byte of another
encoding in what is pasted, or of an old mouse report, would end the application.
"""

from __future__ import annotations

import os
import selectors
import signal
import sys
import termios
from codecs import getincrementaldecoder
from collections.abc import Iterable
from contextlib import suppress
from typing import IO, Any

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key, Resize
from textual.keys import Keys
from textual.message import Message

from textual._xterm_parser import XTermParser  # isort: skip

_LOOK_UP_SECONDS = 0.1  # how often whoever waits for keys looks whether the application has ended, as Textual's does
_READ_BYTES = 4096
_LARGEST_SIDE = 9_999  # of a terminal that could exist; one of millions of cells would take all memory
# Everything that Textual turns on, turned off.
_PLAIN = "".join(f"\x1b[?{mode}l" for mode in (2004, 2048, 1000, 1003, 1015, 1006, 1016)) + (
    "\x1b[?7h\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l"
)


class _Parser(XTermParser):
    """Ignores what looks like a sequence and is none, such as the code of a character that does not exist."""

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[Key]:
        try:
            return list(super()._sequence_to_key_events(sequence, alt))
        except (ValueError, OverflowError):
            return [Key(Keys.Ignore, sequence)]

    def parse_mouse_code(self, code: str) -> Message | None:
        """What the mouse does; None of what it cannot do."""
        try:
            return super().parse_mouse_code(code)
        except ArithmeticError:  # the terminal has said that it has no size
            return None


class _Output:
    """Where Textual's thread writes. Without a terminal it writes to nowhere: else it dies, and who writes waits."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self.fileno = file.fileno

    def write(self, text: str) -> None:
        with suppress(OSError):
            self._file.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._file.flush()


class TerminalDriver(LinuxDriver):
    """Textual's driver for POSIX with a decoder and a parser that take anything, and an end when the terminal ends."""

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        self._file: Any = _Output(self._file)

    def _run_input_thread(self) -> None:
        try:
            self.run_input_thread()
        except Exception as error:  # to be reported as any other, where Textual would print it
            self._app.call_later(self._app._handle_exception, error)

    def run_input_thread(self) -> None:
        """Pass on what is typed, until the application has ended or there is nobody to type any more."""
        parser = _Parser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(_LOOK_UP_SECONDS):
                    data = self._read()
                    if not data:
                        # Whoever is in the terminal's session is told by the system; the others hear it here.
                        os.kill(os.getpid(), signal.SIGHUP)
                        return
                    if text := decode(data):  # none is the end for the parser
                        self._pass_on(parser.feed(text))
                self._pass_on(parser.tick())

    def _read(self) -> bytes:
        try:
            return os.read(self.fileno, _READ_BYTES)
        except OSError:
            return b""

    def _pass_on(self, messages: Iterable[Message]) -> None:
        for message in messages:
            if not (isinstance(message, Resize) and max(message.size) > _LARGEST_SIDE):
                self.process_message(message)


def attributes() -> list[Any] | None:
    """How the terminal is set, None where there is none."""
    try:
        return termios.tcgetattr(sys.__stdin__) if sys.__stdin__ is not None else None
    except (termios.error, ValueError):
        return None


def give_back(before: list[Any] | None) -> None:
    """Turn off at once what Textual has turned on, past all that may have stopped working."""
    if before is None or sys.__stdin__ is None or sys.__stderr__ is None:
        return
    with suppress(OSError, termios.error, ValueError):
        termios.tcsetattr(sys.__stdin__, termios.TCSANOW, before)
        os.write(sys.__stderr__.fileno(), _PLAIN.encode())
