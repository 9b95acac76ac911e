"""What IAM says a role or a user may do, asked of its policy simulator, which tries nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from cmapss_core.aws import Aws
from cmapss_core.permissions import Context, Permission

Verdict = Literal["allowed", "denied", "explicitly denied", "unknown"]

IAM_REGION = "us-east-1"  # of IAM's own requests, wherever they come from
_MOST_RESULTS = 1_000
_VERDICTS: Mapping[str, Verdict] = {
    "allowed": "allowed",
    "implicitDeny": "denied",
    "explicitDeny": "explicitly denied",
}
# Condition keys that may have several values at once, and those that are no text.
_TYPES = {
    "aws:TagKeys": "stringList",
    "aws:SecureTransport": "boolean",
    "cloudwatch:AlarmActions": "stringList",
    "sagemaker:InstanceTypes": "stringList",
    "sagemaker:ModelArn": "stringList",
    "sagemaker:NetworkIsolation": "boolean",
    "sagemaker:ServerlessMaxConcurrency": "numeric",
    "sagemaker:ServerlessMemorySize": "numeric",
    "sagemaker:VpcSecurityGroupIds": "stringList",
    "sagemaker:VpcSubnets": "stringList",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What the simulator says; `depends_on` are the condition keys without which it cannot know."""

    verdict: Verdict
    depends_on: tuple[str, ...] = ()


@dataclass(slots=True)
class _Question:
    """Permissions of one service that are asked about together, under the condition keys that any of them has."""

    service: str
    context: dict[str, tuple[str, ...]]
    permissions: list[Permission] = field(default_factory=list)

    def takes(self, permission: Permission) -> bool:
        """Whether another can be asked about along with these, nothing being said of it that is not so."""
        return self.service == _service(permission) and self.context.items() >= dict(permission.context).items()


def simulate(aws: Aws, source_arn: str, permissions: Iterable[Permission]) -> dict[Permission, Finding]:
    """What the policies of a role or user say to each permission. Raises ConsoleError, not found for who is unknown.

    Policies of resources have no say in it, as in a bucket's own. What the simulator passes over is not in the answer.
    """
    found: dict[Permission, Finding] = {}
    for question in _questions(permissions):
        results = _ask(aws, source_arn, question)
        found |= {
            permission: results[key]
            for permission in question.permissions
            if (key := (permission.action, permission.resource)) in results
        }
    return found


def _questions(permissions: Iterable[Permission]) -> list[_Question]:
    """As few questions as can be: one for each service, but where condition keys contradict each other."""
    found: list[_Question] = []
    for permission in sorted(set(permissions), key=lambda one: (-len(one.context), one.action, one.resource)):
        question = next((question for question in found if question.takes(permission)), None)
        if question is None:
            question = _Question(_service(permission), dict(permission.context))
            found.append(question)
        question.permissions.append(permission)
    return found


def _ask(aws: Aws, source_arn: str, question: _Question) -> dict[tuple[str, str], Finding]:
    pages = aws.pages(
        "iam",
        "SimulatePrincipalPolicy",
        token="Marker",
        PolicySourceArn=source_arn,
        ActionNames=sorted({permission.action for permission in question.permissions}),
        ResourceArns=sorted({permission.resource for permission in question.permissions}),
        ContextEntries=[
            _entry(key, values) for key, values in (*_circumstances(aws, question), *question.context.items())
        ],
        MaxItems=_MOST_RESULTS,
    )
    return {
        key: finding for page in pages for result in page["EvaluationResults"] for key, finding in _findings(result)
    }


def _circumstances(aws: Aws, question: _Question) -> Context:
    """What every request has, and the simulator does not fill in by itself."""
    account = aws.identity().account
    return (
        ("aws:RequestedRegion", (IAM_REGION if question.service == "iam" else aws.region,)),
        ("aws:PrincipalAccount", (account,)),
        ("aws:ResourceAccount", (account,)),
        ("aws:SecureTransport", ("true",)),
    )


def _entry(key: str, values: tuple[str, ...]) -> dict[str, Any]:
    return {"ContextKeyName": key, "ContextKeyValues": list(values), "ContextKeyType": _TYPES.get(key, "string")}


def _findings(result: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], Finding]]:
    """Of an action on several resources there is one result with a part for each, or one for each of them."""
    action = result["EvalActionName"]
    parts = result.get("ResourceSpecificResults", ())
    for part in parts:
        yield (action, part["EvalResourceName"]), _finding(part["EvalResourceDecision"], part)
    if not parts:
        yield (action, result["EvalResourceName"]), _finding(result["EvalDecision"], result)


def _finding(decision: str, result: Mapping[str, Any]) -> Finding:
    missing = tuple(sorted(result.get("MissingContextValues", ())))
    if decision != "allowed" and missing:
        return Finding("unknown", missing)
    return Finding(_VERDICTS.get(decision, "unknown"))


def _service(permission: Permission) -> str:
    return permission.action.partition(":")[0]
