"""Parameters that only an earlier step brings about, such as the ARN that AWS gives to a policy.

A plan is data, written down before anything is done: in the place of such a value it has what is to be read, and
where in the answer the value is. It is read right before the call is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cmapss_core.aws import Aws
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.plan import Call

REFERENCE = "$from"


def reference(call: Call, path: str) -> dict[str, Any]:
    """What stands for the value at `path` (JMESPath) in the answer to a call that only reads."""
    return {
        REFERENCE: {
            "service": call.service,
            "operation": call.operation,
            "parameters": dict(call.parameters),
            "path": path,
        }
    }


def is_reference(value: Any) -> bool:
    """Whether this stands for a value that is still to be read."""
    return isinstance(value, Mapping) and value.keys() == {REFERENCE}


def resolved(aws: Aws, call: Call) -> Call:
    """The call with what its references stand for. Raises ConsoleError, of kind not found where there is nothing."""
    return replace(call, parameters={name: _resolved(aws, value) for name, value in call.parameters.items()})


def _resolved(aws: Aws, value: Any) -> Any:
    if is_reference(value):
        return _read(aws, value[REFERENCE])
    if isinstance(value, Mapping):
        return {name: _resolved(aws, member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_resolved(aws, member) for member in value]
    return value


def _read(aws: Aws, source: Mapping[str, Any]) -> Any:
    import jmespath

    found = jmespath.search(source["path"], aws.call(source["service"], source["operation"], **source["parameters"]))
    if found is None:
        raise ConsoleError(
            ErrorKind.NOT_FOUND,
            f"{source['operation']} shows nothing at {source['path']}",
            operation=f"{source['service']}:{source['operation']}",
            remedy="What an earlier step made is gone: look at it, and plan again.",
        )
    return found
