"""What the application is told from its threads while it connects: progress, the connection, who is calling."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from cmapss_core.aws import Aws, Identity
    from cmapss_core.errors import ConsoleError
    from cmapss_tui.options import Options
    from cmapss_tui.switching import Places


class Progress(Message):
    """Something happened on the way to a connection."""

    def __init__(self, line: str) -> None:
        super().__init__()
        self.line = line


class Connected(Message):
    """There is a connection, to what these options mean; `attempt` tells which of several it was asked for by."""

    def __init__(self, attempt: int, options: Options, aws: Aws) -> None:
        super().__init__()
        self.attempt = attempt
        self.options = options
        self.aws = aws


class ConnectFailed(Message):
    """There is none, and this is why."""

    def __init__(self, attempt: int, error: ConsoleError) -> None:
        super().__init__()
        self.attempt = attempt
        self.error = error


class Identified(Message):
    """AWS said who is calling there."""

    def __init__(self, aws: Aws, identity: Identity) -> None:
        super().__init__()
        self.aws = aws
        self.identity = identity


class NotIdentified(Message):
    """AWS did not say who is calling; the screens show the same error where it matters."""


class OpenOperations(Message):
    """So many operations in the place of this connection are open."""

    def __init__(self, aws: Aws | None, count: int) -> None:
        super().__init__()
        self.aws = aws
        self.count = count


class PlacesRead(Message):
    """The profiles and regions that this machine knows."""

    def __init__(self, places: Places) -> None:
        super().__init__()
        self.places = places


class PlacesNotRead(Message):
    """The AWS configuration cannot be read."""

    def __init__(self, error: ConsoleError) -> None:
        super().__init__()
        self.error = error
