"""An execution role that may do what it is said to, as the region asks about it."""

from __future__ import annotations

from typing import Any

from cmapss_sandbox.region import Region


class RoleOf:
    """Stands where IAM is asked: one role, for which the service may do just these actions, on whatever resource."""

    def __init__(self, *actions: str, assumed: bool = True) -> None:
        self._actions, self._assumed = actions, assumed

    def permits(self, role_arn: str, action: str, resource: str) -> bool:
        """Whether the action is one of them."""
        return action in self._actions

    def assumable(self, role_arn: str, service: str) -> bool:
        """Whether the service gets the role at all."""
        return self._assumed


def limit(region: Region, *actions: str, assumed: bool = True) -> None:
    """Let the region's roles do no more than these actions from now on."""
    authority: Any = RoleOf(*actions, assumed=assumed)
    region.authority = authority
