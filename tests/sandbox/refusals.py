"""What a test says of a call that is to be refused."""

from __future__ import annotations

import re
from typing import Any

import pytest
from botocore.exceptions import ClientError


def refused(message: str, code: str = "ValidationException") -> Any:
    """Expects a client's call to be refused with this code, and in these words somewhere in its message."""
    return pytest.raises(ClientError, match=rf"\({code}\).*{re.escape(message)}")
