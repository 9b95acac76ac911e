"""The AWS command line interface, which knows of the sandbox no more than its address."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

_AWS = Path(sys.executable).with_name("aws")
# What the command ends with when a service has refused its call.
_REFUSED = 255


def run_aws(endpoint_url: str, *words: str, refusal: str | None = None, **options: Any) -> Any:
    """Runs `aws SERVICE OPERATION …` and reads what it prints; a mapping or a list is given as JSON.

    With `refusal` the service is expected to refuse the call, in these words.
    """
    if not _AWS.is_file():
        pytest.skip("the AWS command line interface is not installed beside this Python")
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": "sandbox",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_PAGER": "",
    }
    arguments = [
        f"--{name.replace('_', '-')}={value if isinstance(value, str) else json.dumps(value)}"
        for name, value in options.items()
    ]
    done = subprocess.run(
        [_AWS, "--output=json", *words, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if refusal is not None:
        assert done.returncode == _REFUSED, done.stdout
        assert refusal in done.stderr
        return {}
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout or "{}") if done.stdout[:1] in ("", "{") else done.stdout
