"""What every plan is made with: an id, a record of what making it reads, and the checks that all plans share."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cmapss_core.aws import Aws, Recording
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.permission_checks import permission_checks
from cmapss_core.plans.plan import OWNER_TAG, Check, Place, Plan, Step, numbered, stamp
from cmapss_core.plans.protection import protected_because
from cmapss_core.pricing import hourly_cost

_WITHOUT = {
    "ec2:DescribeSubnets": "the zones of the subnets are unknown",
    "ecr:DescribeImages": "whether the image is there is unknown",
    "iam:GetRole": "which roles there are, and whom they trust, is unknown",
    "iam:SimulatePrincipalPolicy": "whether everything here is permitted is unknown until it is tried",
    "logs:DescribeLogGroups": "undone, its log group stays",
    "pricing:GetProducts": "the price is unknown",
    "s3:ListBucket": "whether the bucket is in the endpoint's region is unknown",
    "servicequotas:ListServiceQuotas": "the quota is unknown",
}


@dataclass(frozen=True, slots=True)
class Draft:
    """A plan in the making."""

    aws: Aws
    id: str
    intention: str
    recording: Recording

    @property
    def stamp(self) -> str:
        """The region's time as it stands in the names of what the plan makes."""
        return stamp(self.aws.clock.now())

    def tags(self, others: Iterable[tuple[str, str]] = ()) -> list[dict[str, str]]:
        """The tag that marks what the console made, with which plan, and others that were asked for."""
        return [{"Key": OWNER_TAG, "Value": self.id}, *({"Key": key, "Value": value} for key, value in others)]

    def cost(self, instances: Iterable[tuple[str | None, int]]) -> float | None:
        """USD per hour of (instance type, count) pairs; None where it is unknown, which stops no plan."""
        try:
            return hourly_cost(self.aws, instances)
        except ConsoleError as error:
            if error.kind is ErrorKind.AUTH:
                raise
            return None

    def plan(
        self,
        *,
        target: str,
        steps: Iterable[Step],
        checks: Iterable[Check] = (),
        before: float | None = None,
        after: float | None = None,
        notes: Iterable[str] = (),
        endpoint_arn: str | None = None,
        between: tuple[float | None, float | None] = (None, None),
    ) -> Plan:
        """The plan, with the checks that all share. `endpoint_arn` is of the endpoint that is there already.

        `between` are the costs with the fewest and the most instances that automatic scaling leads to.
        """
        least, most = between
        ordered = numbered(steps)
        protected = protected_because(self.aws, target, endpoint_arn)
        place = Place(self.aws.identity().account, self.aws.region)
        permitted = list(permission_checks(self.aws, ordered))
        return Plan(
            id=self.id,
            intention=self.intention,
            target=target,
            steps=ordered,
            checks=(*checks, *permitted, *_unknown(self.recording)),
            hourly_cost_usd_before=before,
            hourly_cost_usd_after=after,
            notes=tuple(notes),
            reads=tuple(self.recording.actions),
            place=place,
            protected=protected,
            hourly_cost_usd_range=None if least is None or most is None else (least, most),
        )


def _unknown(recording: Recording) -> Iterator[Check]:
    """What nobody knows for want of an answer, by the name of the action that would have told it."""
    for action, what in _WITHOUT.items():
        if action in recording.denied:
            yield Check(None, f"{action} is not permitted: {what}")
        elif action in recording.unanswered:
            yield Check(None, f"{action} was not answered ({recording.unanswered[action].rstrip('.')}): {what}")


@contextmanager
def drafting(aws: Aws, intention: str) -> Iterator[Draft]:
    """Make a plan inside: what is read meanwhile is what making it takes. Nothing in here changes AWS."""
    with aws.recording() as recording:
        aws.identity()  # from the first answer on it is known what time it is there
        yield Draft(aws, plan_id(aws, intention), intention, recording)


def plan_id(aws: Aws, intention: str) -> str:
    """A new plan's id: intention, region time and four random digits, fit for a file name."""
    return f"{intention}-{stamp(aws.clock.now())}-{secrets.token_hex(2)}"
