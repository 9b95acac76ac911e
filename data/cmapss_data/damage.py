"""Says how a file differs from what it should be: as exactly as the file itself and a few checksums allow."""

from __future__ import annotations

import hashlib
import json
import zlib
from functools import cache
from importlib import resources
from pathlib import Path

from cmapss_data.errors import DataError
from cmapss_data.files import FILES, FileFacts

# Lines per checksum in blocks.json: small enough to say where a file was altered.
ROWS_PER_BLOCK = 500
RUL_LINES_PER_BLOCK = 10


def sha256_of(path: Path) -> str:
    """The hash of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fault(path: Path, sha256: str | None) -> str | None:
    """What is wrong with a file that should have this hash (None: of which only the shape is known), or None.

    One line, such as "train_FD001.txt differs from the real file in lines 4,001–4,500".
    """
    from cmapss_data import reading

    facts = FILES[path.name]
    if not path.is_file():
        return f"{facts.name} is missing"
    misshapen = None
    try:
        if sha256 is not None and sha256_of(path) == sha256:
            return None
        reading.check(path)
    except DataError as error:
        misshapen = error.problem
    except OSError as error:
        return f"{facts.name} cannot be read: {error.strerror}"
    if sha256 == facts.sha256:
        return _difference(facts, path.read_bytes(), misshapen)
    if sha256 is not None and misshapen is None:
        return f"{facts.name} was altered after it was made"
    return misshapen


def _difference(facts: FileFacts, data: bytes, misshapen: str | None) -> str:
    """How these bytes differ from the real file's, which they are not."""
    digest = hashlib.sha256(data).hexdigest()
    for other in FILES.values():
        if other.sha256 == digest:
            return f"{facts.name} holds what belongs into {other.name}"
    lines = [b" ".join(line.split()) for line in data.rstrip().split(b"\n")]
    end = facts.trailing.encode() + b"\n"
    if hashlib.sha256(end.join(lines) + end).hexdigest() == facts.sha256:
        return f"{facts.name} {_blanks(facts, data)}, and is the real file otherwise"
    size = f"{len(data):,} bytes, the real file has {facts.bytes:,}"
    if misshapen:
        return f"{misshapen} ({size})"
    return f"{facts.name} differs from the real file {_where(facts, lines)} ({size})"


def _blanks(facts: FileFacts, data: bytes) -> str:
    """Which blanks or line ends differ in a file whose values do not."""
    if b"\r\n" in data:
        return "has CRLF line ends instead of LF"
    if facts.trailing.encode() + b"\n" not in data:
        return "has lost the blanks at the ends of its lines"
    return "has other blanks or line ends"


def _where(facts: FileFacts, lines: list[bytes]) -> str:
    expected = _checksums()[facts.name]
    step = _lines_per_block(facts)
    altered = [n for n, (a, b) in enumerate(zip(block_checksums(facts, lines), expected, strict=True)) if a != b]
    first = altered[0] * step
    where = f"in lines {first + 1:,}–{min(first + step, facts.rows):,}"
    return where if len(altered) == 1 else f"{where} and {len(altered) - 1:,} more places"


def block_checksums(facts: FileFacts, lines: list[bytes]) -> list[str]:
    """CRC-32 of every block of lines, each line with single blanks and none at its end."""
    step = _lines_per_block(facts)
    blocks = (b"\n".join(lines[start : start + step]) for start in range(0, len(lines), step))
    return [f"{zlib.crc32(block):08x}" for block in blocks]


def _lines_per_block(facts: FileFacts) -> int:
    return RUL_LINES_PER_BLOCK if facts.name.startswith("RUL") else ROWS_PER_BLOCK


@cache
def _checksums() -> dict[str, list[str]]:
    """The block checksums of the real files."""
    text = resources.files("cmapss_data").joinpath("blocks.json").read_text(encoding="ascii")
    return {name: joined.split() for name, joined in json.loads(text).items()}
