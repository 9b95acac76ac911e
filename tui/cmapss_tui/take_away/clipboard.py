"""Text for the clipboard: the terminal's, by OSC 52, and this machine's, by the program that it has for that."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from textual.app import App
from textual.events import Callback

from cmapss_tui import formats
from cmapss_tui.polling import post

# xterm takes 100,000 characters of base64, and others have taken over its limit: so many bytes of text.
TERMINAL_BYTES = 74_994
# A process of its own: what it starts may hang for want of a display, or write over the screen. Without the working
# directory on its path.
COMMAND = (sys.executable, "-P", "-X", "utf8", "-m", "pyperclip", "--copy")
SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Copied:
    """What became of a copy: which clipboards have it, as far as can be known; a terminal does not answer."""

    what: str
    text: str
    terminal: bool
    machine: bool
    in_tmux: bool = False

    @property
    def anywhere(self) -> bool:
        """Whether any clipboard has it."""
        return self.terminal or self.machine

    @property
    def notice(self) -> str:
        """What was copied and where to; the text itself is not repeated."""
        if not self.anywhere:
            return (
                f"The {self.what} has {formats.data_size(len(self.text.encode()))}: too long for the terminal's "
                "clipboard, and this machine has none. Export it instead."
            )
        places = [name for name, has in (("terminal's", self.terminal), ("this machine's", self.machine)) if has]
        length = len(self.text)
        said = f"copied the {self.what} ({formats.count(length)} character{'' if length == 1 else 's'}) to "
        said += f"{'the ' if self.terminal else ''}{' and '.join(places)} clipboard"
        if self.in_tmux and not self.machine:
            said += "; tmux hands it on where set-clipboard is on"
        return said


def copy(app: App[Any], what: str, text: str) -> None:
    """Copy a text to every clipboard within reach, and say so; what is slow happens in a thread."""
    terminal = fits_terminal(text)
    if terminal:
        app.copy_to_clipboard(text)

    def say(machine: bool) -> None:
        copied = Copied(what, text, terminal, machine, in_tmux="TMUX" in os.environ)
        app.notify(copied.notice, severity="information" if copied.anywhere else "error", markup=False)

    if has_display(os.environ, sys.platform):
        from threading import Thread

        def work() -> None:
            post(app, Callback(partial(say, to_this_machine(text))))

        Thread(target=work, name=f"copy {what}", daemon=True).start()
    else:
        say(False)


def fits_terminal(text: str) -> bool:
    """Whether terminals take a text of that length."""
    return len(text.encode("utf-8", "replace")) <= TERMINAL_BYTES


def has_display(environment: Mapping[str, str], platform: str) -> bool:
    """Whether this machine has a clipboard that is the operator's: over ssh it is another one's, or nobody's."""
    if platform.startswith(("win32", "cygwin")):
        return True
    shown = any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    remote = any(environment.get(name) for name in ("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"))
    if platform == "darwin":
        return not remote
    return shown or "WSL_DISTRO_NAME" in environment


def to_this_machine(text: str, command: Sequence[str] = COMMAND, seconds: float = SECONDS) -> bool:
    """Whether this machine's clipboard has taken the text; it waits `seconds` at most, and raises nothing."""
    try:
        done = subprocess.run(
            command,
            input=text.encode("utf-8", "replace"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0
