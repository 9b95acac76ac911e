"""Whose keys sign a request: users and roles as IAM holds them, and the sessions that STS has given keys to."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from cmapss_sandbox.iam.conditions import PolicyError
from cmapss_sandbox.iam.policies import Caller, Policies, Policy, parse_policy
from cmapss_sandbox.periphery import backends
from cmapss_sandbox.region import Region
from cmapss_sandbox.store import Record, Table

_log = logging.getLogger(__name__)

_ADMINISTRATOR = parse_policy('{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}', "administrator")
_NOTHING = '{"Version": "2012-10-17", "Statement": []}'
BOOTSTRAP_KEY = BOOTSTRAP_SECRET = "sandbox"
_OPERATOR = "operator"
_OPERATOR_ID = "AROACMAPSSSANDBOXOPER"
_OPERATOR_SESSION = "sandbox"
# How the keys begin that IAM and STS make; all others are the operator's.
_MADE_KEYS = ("AKIA", "ASIA")


@dataclass(frozen=True, slots=True)
class Identity:
    """A user or a role as IAM holds it; `trust` is the role's."""

    name: str
    arn: str
    id: str
    policies: Policies
    tags: Mapping[str, str]
    trust: Policy | None = None
    maximum_session_seconds: int = 3600


@dataclass(frozen=True, slots=True)
class Principal:
    """Who signs a request, with what is known of it; an administrator is not asked for policies.

    `identity` is None for the account itself; `token` and `expires` are those of temporary keys.
    """

    arn: str
    user_id: str
    secret: str
    account: str
    administrator: bool = False
    identity: Identity | None = None
    session_policies: tuple[Policy, ...] | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    token: str | None = None
    expires: datetime | None = None

    @property
    def is_role(self) -> bool:
        """Whether it is a session of a role."""
        return ":assumed-role/" in self.arn

    @property
    def kind(self) -> str:
        """What its policies are attached to: a role or a user."""
        return "role" if self.is_role else "user"

    @property
    def policies(self) -> Policies:
        """What has a say besides the resource's own policy."""
        if self.administrator:
            return Policies((_ADMINISTRATOR,))
        attached = Policies() if self.identity is None else self.identity.policies
        return Policies(attached.identity, attached.boundary, self.session_policies)

    @property
    def caller(self) -> Caller:
        """Its names, as policies of resources know them."""
        role = frozenset({self.identity.arn}) if self.is_role and self.identity else frozenset[str]()
        account = frozenset({self.account, f"arn:aws:iam::{self.account}:root"})
        return Caller(frozenset({self.arn}), role, account)


@dataclass(frozen=True, slots=True)
class Directory:
    """Everybody whom IAM knew at one moment: users by name and by access key, with its secret, and roles by name."""

    users: Mapping[str, Identity]
    keys: Mapping[str, tuple[Identity, str]]
    roles: Mapping[str, Identity]
    managed: Mapping[str, str]


_directories: WeakKeyDictionary[Region, tuple[int, Directory]] = WeakKeyDictionary()


def directory(region: Region) -> Directory:
    """Everybody whom IAM knows now."""
    known = _directories.get(region)
    if known is not None and known[0] == backends.revision(region):
        return known[1]
    # Whoever changes IAM holds the region's lock, and then moto's.
    with region.lock, backends.moto(region, "iam"):
        found = _read(backends.iam_backend(region), dict(boundaries(region)))
        _directories[region] = (backends.revision(region), found)
    return found


def boundaries(region: Region) -> Table:
    """The ARN of the policy that bounds a user, by the user's name; moto knows those of roles only."""
    return region.table("user_permissions_boundaries")


def sessions(region: Region) -> Table:
    """The temporary keys that STS has given out, by access key."""
    return region.table("sts_sessions")


def principal(region: Region, access_key: str) -> Principal | None:
    """Who has that access key, None when nobody has; temporary keys may have expired."""
    if access_key == BOOTSTRAP_KEY:
        return _operator(region)
    session = sessions(region).get(access_key)
    if session is not None:
        return _of_session(region, session)
    known = directory(region).keys.get(access_key)
    if known is None:
        return None
    identity, secret = known
    return Principal(identity.arn, identity.id, secret, region.account, identity=identity, tags=identity.tags)


def caller_of(region: Region, access_key: str) -> Principal:
    """Who calls where IAM is not enforced too: whose keys IAM or STS made, the operator for all other keys."""
    made = principal(region, access_key) if access_key.startswith(_MADE_KEYS) else None
    return made or _operator(region)


def role(region: Region, arn: str) -> Identity | None:
    """The role of that ARN, None when there is none."""
    found = directory(region).roles.get(arn.rpartition("/")[2])
    return found if found is not None and found.arn == arn else None


def operator_role(region: Region) -> Identity:
    """The role of the account's administrator, which is in no list of IAM's and may do everything."""
    arn = f"arn:aws:iam::{region.account}:role/{_OPERATOR}"
    return Identity(_OPERATOR, arn, _OPERATOR_ID, Policies((_ADMINISTRATOR,)), {})


def _operator(region: Region) -> Principal:
    """The account's administrator, who has the keys that the sandbox starts with."""
    return Principal(
        arn=f"arn:aws:sts::{region.account}:assumed-role/{_OPERATOR}/{_OPERATOR_SESSION}",
        user_id=f"{_OPERATOR_ID}:{_OPERATOR_SESSION}",
        secret=BOOTSTRAP_SECRET,
        account=region.account,
        administrator=True,
    )


def _of_session(region: Region, session: Mapping[str, Any]) -> Principal | None:
    found = directory(region)
    identity = None
    if session["identity"] is not None:
        kind, name = session["identity"]
        identity = (found.roles if kind == "role" else found.users).get(name)
        # A role that was made anew under an old name is another role.
        if identity is None or identity.id != session["identity_id"]:
            return None
    policies = session["policies"]
    return Principal(
        arn=session["arn"],
        user_id=session["user_id"],
        secret=session["secret"],
        account=region.account,
        administrator=session["administrator"],
        identity=identity,
        session_policies=None if policies is None else tuple(_parsed(text) for text in policies),
        tags={**({} if identity is None else identity.tags), **session["tags"]},
        token=session["token"],
        expires=session["expires"],
    )


def _read(backend: Any, bounds: Mapping[str, Record]) -> Directory:
    managed = {arn: _default_document(policy) for arn, policy in backend.managed_policies.items()}
    users: dict[str, Identity] = {}
    keys: dict[str, tuple[Identity, str]] = {}
    for name, user in backend.users.items():
        groups = [group for group in backend.groups.values() if user in group.users]
        attached = [policy for holder in (user, *groups) for policy in _attached(holder)]
        policies = Policies(tuple(attached), _boundary(managed, bounds.get(name, {}).get("arn")))
        identity = Identity(name, user.arn, user.id, policies, _tags(user.tags or []))
        users[name] = identity
        keys |= {
            key.access_key_id: (identity, key.secret_access_key) for key in user.access_keys if key.status == "Active"
        }
    roles = {}
    for held in backend.roles.values():
        boundary = _boundary(managed, held.permissions_boundary_arn)
        roles[held.name] = Identity(
            held.name,
            held.arn,
            held.id,
            Policies(tuple(_attached(held)), boundary),
            _tags(held.tags or []),
            _parsed(held.assume_role_policy_document),
            int(held.max_session_duration or 3600),
        )
    return Directory(users, keys, roles, managed)


def _boundary(managed: Mapping[str, str], arn: str | None) -> Policy | None:
    """The policy that bounds a user or a role; one that is gone allows nothing."""
    return None if not arn else _parsed(managed.get(arn, _NOTHING), arn)


def _attached(holder: Any) -> Iterable[Policy]:
    """The inline and the managed policies of a user, a group or a role of moto's."""
    for name, text in holder.policies.items():
        yield _parsed(text, name)
    for policy in holder.managed_policies.values():
        yield _parsed(_default_document(policy), policy.name)


def _default_document(policy: Any) -> str:
    """The text of a managed policy of moto's, in the version that counts."""
    return str(next(version.document for version in policy.versions if version.is_default))


def _parsed(text: str, name: str = "") -> Policy:
    try:
        return parse_policy(text, name)
    except PolicyError as error:
        _log.warning("The policy %s is not understood and allows nothing: %s", name or "-", error)
        return Policy((), name)


def _tags(tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags}
