"""The command palette's part of the console: the actions that the screen in front of the operator has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import partial

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider

from cmapss_tui.actions import Action, help_for
from cmapss_tui.screens.base import ConsoleScreen


class Commands(CommandPalette):
    """The palette, which outlives a key that comes before its list has the lines of what was typed last."""

    def _action_command_list(self, action: str) -> None:
        with suppress(KeyError):
            super()._action_command_list(action)


class ActionCommands(Provider):
    """Finds actions by their title and help; running one is pressing its key."""

    async def discover(self) -> Hits:
        """Everything this screen can do."""
        for title, action in self._actions():
            yield DiscoveryHit(title, partial(self._run, action), help=action.help)

    async def search(self, query: str) -> Hits:
        """What matches the words typed, fuzzily, over group, title and help."""
        matcher = self.matcher(query)
        for title, action in self._actions():
            score = matcher.match(f"{title} {action.help}")
            if score > 0:
                yield Hit(score, matcher.highlight(title), partial(self._run, action), text=title, help=action.help)

    def _actions(self) -> Iterator[tuple[str, Action]]:
        scopes = self.screen.SCOPES if isinstance(self.screen, ConsoleScreen) else ()
        for group, actions in help_for(scopes).items():
            for action in actions:
                if action.id != "app.commands":
                    yield f"{group}: {action.title}", action

    async def _run(self, action: Action) -> None:
        namespace = self.app if action.scope == "app" else self.screen
        await self.app.run_action(action.textual_action, namespace)
