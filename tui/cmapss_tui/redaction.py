"""Texts without what is nobody else's business: keys, tokens, signatures, passwords, payloads, accounts."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import PurePath

HIDDEN, ACCOUNT, NUMBERS = "[redacted]", "[account]", "[numbers]"
LEAST_SECRET = 8  # shorter values of the environment are words of any sentence
_SECRET_NAME = r"(?:secret|token|passw(?:or)?d|passphrase|credential|api[_-]?key|access[_-]?key|private[_-]?key)"
_SECRET_VARIABLE = re.compile(rf"(?i){_SECRET_NAME}|(?:^|_)(?:key|auth|pass)(?:_|$)")
# Between a name and what it is: a sign, also as a URL in a URL has it, or the comma of a pair.
_IS = r"(?:(?:\\*['\"])?\s*(?:[:=]|%3[aAdD])\s*|\\*['\"]\s*,\s*(?=b?\\*['\"]))"
# Tokens that begin with whose they are: of GitHub, GitLab, Hugging Face, language models' makers, Slack, and JSON's.
_SPEAKING = (
    r"gh[a-z]_[A-Za-z0-9]{20,}",
    r"github_pat_\w{20,}",
    r"glpat-[\w-]{20,}",
    r"(?<![A-Za-z0-9])hf_[A-Za-z0-9]{20,}",
    r"(?<![A-Za-z0-9])sk-(?:[a-z0-9]+-){0,2}(?:[A-Za-z0-9]{20,}[\w-]*|(?=[\w-]*[A-Z])(?=[\w-]*[0-9])[\w-]{40,})",
    r"xox[a-z]-[A-Za-z0-9-]{10,}",
    r"xapp-[A-Za-z0-9-]{10,}",
    r"eyJ[\w-]{8,}(?:\.[\w-]*){1,4}",
)
_NUMBER = r"(?:\d+:)?[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?"
# In this order: what has a name goes with it, before what only looks like a secret.
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL), HIDDEN),
    # Who may call a URL that is signed stands behind its question mark.
    (
        re.compile(r"(?i)(https?://[^\s?'\"<>]+\?)[^\s'\"<>]*(?:x-amz-|signature|token|awsaccesskeyid)[^\s'\"<>]*"),
        rf"\1{HIDDEN}",
    ),
    (re.compile(r"(://)[^\s/@'\"]+@"), rf"\1{HIDDEN}@"),
    (re.compile(r"(?i)((?:proxy-)?authorization(?:\\?['\"])?\s*[:=,]\s*)[^\n]+"), rf"\1{HIDDEN}"),
    (re.compile(r"AWS4-(?:HMAC|ECDSA)[^\n]+"), HIDDEN),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"), rf"\1 {HIDDEN}"),
    # The environment of a model's container, as a call or a repr has it.
    (re.compile(r"(?i)(\benviron(?:ment)?['\"]?\s*(?:[:=]\s*|\())\{[^}]*\}"), rf"\1{HIDDEN}"),
    (
        re.compile(
            rf"(?i)([\w-]*{_SECRET_NAME}[\w-]*{_IS})(?:b?\\*'[^'\n]*'|b?\\*\"[^\"\n]*\"|(?!\[redacted\])[^\s,;'\"&)}}\]]+)"
        ),
        rf"\1{HIDDEN}",
    ),
    (re.compile(rf"(?i)(signature{_IS}b?\\*['\"]?)[0-9a-z%+/=]{{16,}}"), rf"\1{HIDDEN}"),
    *((re.compile(pattern), HIDDEN) for pattern in _SPEAKING),
    (re.compile(r"(?<![A-Z0-9])(?:AKIA|ASIA|ABIA|ACCA|AROA|AIDA)[A-Z0-9]{12,}"), HIDDEN),
    (re.compile(r"(?:FwoG|FQoG|IQoJ|AQoD|AQoE)[A-Za-z0-9+/=%_-]{20,}"), HIDDEN),
    (re.compile(r"(?<![A-Za-z0-9+/=_%-])[A-Za-z0-9+/=_%-]{100,}"), HIDDEN),
    # A secret access key: forty characters of base64, and not a path or a name.
    (
        re.compile(r"(?<![\w/+.-])(?=[^\s]*[0-9+/])(?=[^\s]*[A-Z])(?=[^\s]*[a-z])[A-Za-z0-9/+]{40}(?![\w/+=-]|\.\w)"),
        HIDDEN,
    ),
    # Rows of what is sent to a model: eight numbers or more.
    (re.compile(rf"(?<![\w.]){_NUMBER}(?:(?:[,;][ \t]*|[ \t]+){_NUMBER}){{7,}}"), NUMBERS),
    (re.compile(r"(?<![\d.])\d{12}(?!\d)"), ACCOUNT),
)


def redact(text: str, environment: Mapping[str, str] | None = None) -> str:
    """`text` without secrets: those of the environment, and whatever looks like one.

    Payloads and account ids go as well, and the home directory is `~`: it often is a person's name.
    """
    variables = os.environ if environment is None else environment
    secrets = {value for name, value in variables.items() if _is_secret(name) and len(value) >= LEAST_SECRET}
    for value in sorted(secrets, key=len, reverse=True):
        text = text.replace(value, HIDDEN)
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return _without_home(text, variables.get("HOME"))


def _is_secret(name: str) -> bool:
    return _SECRET_VARIABLE.search(name) is not None and not name.upper().endswith("_FILE")


def _without_home(text: str, home: str | None) -> str:
    if not home or len(PurePath(home).parts) < 2:
        return text
    return re.sub(rf"{re.escape(home.rstrip('/'))}(?![\w.-])", "~", text)
