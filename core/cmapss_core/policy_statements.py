"""What a refused call needs, as the IAM policy that whoever gives permissions can add."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from cmapss_core.permissions import Context, Permission

VERSION = "2012-10-17"  # of the policy language
# The conditions without which a permission would be for far more than the call; the others narrow nothing down.
_KEPT_CONDITIONS = ("iam:PassedToService", "iam:AWSServiceName")


def policy_document(permissions: Iterable[Permission]) -> dict[str, Any]:
    """A policy that allows exactly these: a statement for each set of actions on the same resource."""
    grouped: dict[tuple[str, Context], list[str]] = {}
    for permission in dict.fromkeys(permissions):
        actions = grouped.setdefault((permission.resource, _kept(permission.context)), [])
        if permission.action not in actions:
            actions.append(permission.action)
    return {
        "Version": VERSION,
        "Statement": [_statement(actions, resource, context) for (resource, context), actions in grouped.items()],
    }


def policy_text(permissions: Iterable[Permission]) -> str:
    """The policy as JSON, indented."""
    return json.dumps(policy_document(permissions), indent=2)


def _statement(actions: list[str], resource: str, context: Context) -> dict[str, Any]:
    conditions = {key: list(values) if len(values) > 1 else values[0] for key, values in context}
    return {
        "Effect": "Allow",
        "Action": actions if len(actions) > 1 else actions[0],
        "Resource": resource,
        **({"Condition": {"StringEquals": conditions}} if conditions else {}),
    }


def _kept(context: Context) -> Context:
    return tuple((key, values) for key, values in context if key in _KEPT_CONDITIONS)
