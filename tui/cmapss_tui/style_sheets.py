"""A style sheet that parses each of its sources once: Textual's own begins anew with whatever comes to it."""

from __future__ import annotations

from textual.cache import LRUCache
from textual.css.stylesheet import Stylesheet

# The console's own classes and those of Textual that it uses have about a hundred. Textual keeps 64, and where there
# are more than it keeps, going through them in order finds none of them.
MOST_SOURCES = 512


class KeptStylesheet(Stylesheet):
    """Keeps what it has parsed for as long as the variables are the same."""

    def __init__(self, *, variables: dict[str, str] | None = None) -> None:
        super().__init__(variables=variables)
        self._parse_cache = LRUCache(MOST_SOURCES)

    def set_variables(self, variables: dict[str, str]) -> None:
        """Forget what is parsed, where a variable has changed."""
        if variables != self._variables:
            super().set_variables(variables)

    def reparse(self) -> None:
        """Parse what is new. Where that cannot be done, the rules stay what they were.

        Raises:
            StylesheetError: If the CSS could not be read.
            StylesheetParseError: If the CSS is invalid.
        """
        self.parse()
