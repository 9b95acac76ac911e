"""A report of what nobody expected, for the person who has to find out why; no secret is in it."""

from __future__ import annotations

import os
import platform
import re
import sys
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path

from cmapss_core.plans.journal import default_journal_directory
from cmapss_tui import __version__

SECRET_VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")
_SECRETS = (
    re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b"),
    re.compile(r"(?i)(?<=signature=)[0-9a-f]{16,}"),
    re.compile(r"(?i)(?<=token[=:])\s*[^\s&'\"]+"),
    # A secret access key: forty characters of base64, and not a path or a name.
    re.compile(r"(?<![\w/+.-])(?=\S*[0-9+/])(?=\S*[A-Z])(?=\S*[a-z])[A-Za-z0-9/+]{40}(?![\w/+=.-])"),
)


def last_words(error: BaseException) -> str:
    """What ended the program, in one line, and where the report is that this writes of it."""
    path = write_crash_report(error)
    what = redact(" ".join(f"{type(error).__name__}: {error}".split()))
    return f"unexpected {what}. " + (f"The report is in {path}" if path else "No report could be kept.")


def write_crash_report(error: BaseException) -> Path | None:
    """Where the report of an unexpected error stands now, readable by its owner alone; None where it cannot be kept."""
    try:
        directory = default_journal_directory().parent / "crashes"
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        handle, name = tempfile.mkstemp(prefix=f"crash-{stamp}-", suffix=".txt", dir=directory)  # mode 0600
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
            file.write(redact(describe(error)))
    except OSError:
        return None
    return Path(name)


def describe(error: BaseException) -> str:
    """What happened, and on what: versions, the command line, the traceback."""
    return "\n".join(
        (
            f"cmapss-console {__version__}, Python {platform.python_version()}, {platform.platform()}",
            f"arguments: {' '.join(sys.argv[1:])}",
            "",
            "".join(traceback.format_exception(error)),
        )
    )


def redact(text: str) -> str:
    """`text` without keys, tokens and signatures: those of the environment, and whatever looks like one."""
    for variable in SECRET_VARIABLES:
        value = os.environ.get(variable)
        if value and len(value) >= 8:
            text = text.replace(value, "[redacted]")
    for pattern in _SECRETS:
        text = pattern.sub("[redacted]", text)
    return text
