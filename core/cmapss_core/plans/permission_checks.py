"""Whether IAM lets the caller do what a plan needs, and undo it, asked before anything is done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, replace

from cmapss_core.aws import UNANSWERED, Aws, Identity
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.permissions import EVERYTHING, LINKED_ROLE, Permission, Scope, permissions_for
from cmapss_core.plans.plan import Check, Step
from cmapss_core.scaling import DIMENSION, NAMESPACE
from cmapss_core.simulation import Finding, Verdict, simulate

_REMEDY = "Ask for the permission, or use another --profile."
# Their resources have policies of their own, which may allow what those of the caller do not.
_OWN_POLICIES = ("s3:",)
_LINKING = "iam:CreateServiceLinkedRole"
_ROLE_ARN = "the caller's role"
_DENIED: frozenset[Verdict] = frozenset({"denied", "explicitly denied"})
_UNKNOWN: frozenset[Verdict] = frozenset({"unknown"})


@dataclass(frozen=True, slots=True)
class _Principal:
    """Whose policies count: "role" or "user", its name, and its ARN without a path where nobody tells that."""

    kind: str
    name: str
    arn: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def permission_checks(aws: Aws, steps: Iterable[Step]) -> Iterator[Check]:
    """What the caller may not do of these steps, or not undo; nothing where all is permitted.

    Raises ConsoleError only when logged out.
    """
    steps = tuple(steps)
    principal = _principal(aws.identity())
    if principal is None or not steps:  # the account's root user may do everything
        return
    targets = _scalable_targets(aws, steps)
    forward = _needed(aws, steps, targets)
    undo = _needed(aws, [undo for step in steps for undo in step.way_back], targets)
    try:
        findings = _simulated(aws, principal, forward | undo)
    except ConsoleError as error:
        if error.kind is ErrorKind.NOT_FOUND:
            yield Check(None, f"IAM shows no policies of {principal}: what is permitted is unknown until it is tried")
        elif error.kind not in UNANSWERED:
            raise
        return
    yield from _forbidding(aws, principal, {one: finding for one, finding in findings.items() if one in forward})
    yield from _not_undoable(principal, {one: finding for one, finding in findings.items() if one not in forward})


def _principal(identity: Identity) -> _Principal | None:
    """Who is calling, as IAM knows them; None for the root user."""
    _, partition, _, _, account, resource = identity.arn.split(":", 5)
    kind, _, path = resource.partition("/")
    if kind == "assumed-role":
        name = path.partition("/")[0]
        return _Principal("role", name, f"arn:{partition}:iam::{account}:role/{name}")
    return None if resource == "root" else _Principal(kind, path.rpartition("/")[2], identity.arn)


def _scalable_targets(aws: Aws, steps: Iterable[Step]) -> dict[str, str]:
    """The ARNs of the scalable targets that the steps are about, of those that are there already."""
    calls = [step.call for step in steps if step.call is not None]
    named = {call.parameters["ResourceId"] for call in calls if "ResourceId" in call.parameters}
    if not named or any(call.operation == "CreateEndpoint" for call in calls):
        return {}
    answer = aws.call(
        "application-autoscaling",
        "DescribeScalableTargets",
        ServiceNamespace=NAMESPACE,
        ResourceIds=sorted(named),
        ScalableDimension=DIMENSION,
    )
    return {
        target["ResourceId"]: target["ScalableTargetARN"]
        for target in answer["ScalableTargets"]
        if "ScalableTargetARN" in target
    }


def _needed(aws: Aws, steps: Iterable[Step], targets: Mapping[str, str]) -> set[Permission]:
    """What the calls and proofs of the steps need, as far as it is known on what."""
    identity = aws.identity()
    scope = Scope(identity.arn.split(":")[1], aws.region, identity.account)
    new = scope.scalable_target()
    found = set()
    for call in (call for step in steps for call in step.calls):
        target = targets.get(call.parameters.get("ResourceId", ""), new)
        for permission in permissions_for(call.service, call.operation, call.parameters, scope):
            if permission.resource == new:
                found.add(replace(permission, resource=target))
            elif permission.is_exact:
                found.add(permission)
    return found


def _simulated(aws: Aws, principal: _Principal, permissions: set[Permission]) -> dict[Permission, Finding]:
    """What the simulator says. A session does not tell the path of its role, so IAM is asked where one has one."""
    if not aws.remembers(_ROLE_ARN):
        try:
            return simulate(aws, principal.arn, permissions)
        except ConsoleError as error:
            if error.kind is not ErrorKind.NOT_FOUND or principal.kind != "role":
                raise
            unknown = error
    try:
        arn = aws.remember(_ROLE_ARN, lambda: str(aws.call("iam", "GetRole", RoleName=principal.name)["Role"]["Arn"]))
    except ConsoleError as error:
        if error.kind in UNANSWERED:
            raise unknown from error
        raise
    return simulate(aws, arn, permissions)


def _forbidding(aws: Aws, principal: _Principal, findings: Mapping[Permission, Finding]) -> Iterator[Check]:
    for action, on in _by_action(findings, _DENIED).items():
        if action == _LINKING:
            yield from _linking(aws, principal)
        elif action.startswith(_OWN_POLICIES) and "explicitly denied" not in {findings[one].verdict for one in on}:
            yield Check(None, f"{_not_permitted(action, on, principal)}, unless a policy of the bucket allows it")
        else:
            yield Check(False, _not_permitted(action, on, principal), _REMEDY, ErrorKind.DENIED)
    unknown = _by_action(findings, _UNKNOWN)
    if unknown:
        keys = sorted({key for on in unknown.values() for one in on for key in findings[one].depends_on})
        yield Check(None, f"whether {', '.join(unknown)} {_is(unknown)} permitted depends on {', '.join(keys)}")


def _linking(aws: Aws, principal: _Principal) -> Iterator[Check]:
    """What it means that the role that scaling is done with may not be made: nothing where the account has it."""
    try:
        aws.call("iam", "GetRole", RoleName=LINKED_ROLE)
    except ConsoleError as error:
        text = f"{_LINKING} is not permitted for {principal}"
        if error.kind is ErrorKind.NOT_FOUND:
            yield Check(False, f"{text}, and the account has no {LINKED_ROLE}", _REMEDY, ErrorKind.DENIED)
        elif error.kind in UNANSWERED:
            yield Check(None, f"{text}: it takes an account that has {LINKED_ROLE}")
        else:
            raise


def _not_undoable(principal: _Principal, findings: Mapping[Permission, Finding]) -> Iterator[Check]:
    for action, on in _by_action(findings, _DENIED).items():
        yield Check(None, f"could not be undone: {_not_permitted(action, on, principal)}")


def _by_action(findings: Mapping[Permission, Finding], verdicts: frozenset[Verdict]) -> dict[str, list[Permission]]:
    """The permissions of those verdicts by their action, both in alphabetical order."""
    found: dict[str, list[Permission]] = {}
    for permission in sorted(findings, key=lambda one: (one.action, one.resource)):
        if findings[permission].verdict in verdicts:
            found.setdefault(permission.action, []).append(permission)
    return found


def _not_permitted(action: str, on: Sequence[Permission], principal: _Principal) -> str:
    resources = [permission.resource for permission in on if permission.resource != EVERYTHING]
    where = f" on {' and '.join(dict.fromkeys(resources))}" if resources else ""
    return f"{action}{where} is not permitted for {principal}"


def _is(several: Sized) -> str:
    return "is" if len(several) == 1 else "are"
