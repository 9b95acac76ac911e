"""Mappings of a few names to values, of which there are very many with the same names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Generic, TypeVar, cast

V = TypeVar("V")

_NAMES: dict[tuple[str, ...], tuple[str, ...]] = {}
_SEPARATOR = "\0"


class CompactMapping(Mapping[str, V], Generic[V]):
    """A mapping that shares its names with all others that have the same, in the same order, and cannot be changed.

    Texts are kept as one. It takes a fraction of what a dict does, and the garbage collector has nothing to follow in
    it; a value is found by going through the names: it is for tens of them.
    """

    __slots__ = ("_kept", "_names")

    def __init__(self, items: Iterable[tuple[str, V]]) -> None:
        pairs = tuple(items)
        names = tuple(name for name, _ in pairs)
        self._names = _NAMES.setdefault(names, names)
        self._kept = _joined(tuple(value for _, value in pairs))

    def __getitem__(self, name: str) -> V:
        try:
            place = self._names.index(name)
        except ValueError:
            raise KeyError(name) from None
        kept = self._kept
        return cast(V, kept.split(_SEPARATOR)[place]) if isinstance(kept, str) else kept[place]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, CompactMapping) and other._names is self._names:
            return bool(self._kept == other._kept)
        return super().__eq__(other)

    def __repr__(self) -> str:
        return repr(dict(self))


def _joined(values: tuple[V, ...]) -> tuple[V, ...] | str:
    """The values as one text, where all of them are texts and it can be told where each ends."""
    texts = [value for value in values if isinstance(value, str) and _SEPARATOR not in value]
    return _SEPARATOR.join(texts) if texts and len(texts) == len(values) else values
