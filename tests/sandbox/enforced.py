"""A region in which IAM decides, and clients of whoever has keys there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import Session

from cmapss_sandbox.iam.authorization import enforce
from cmapss_sandbox.region import Region
from cmapss_sandbox.server import Server
from cmapss_sandbox.services import install
from cmapss_sandbox.wire.dispatch import application

OPERATOR = ("sandbox", "sandbox", None)
ANYBODY = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}

Keys = tuple[str, str, str | None]


@dataclass(frozen=True, slots=True)
class Enforced:
    """The region, where it listens, and what its operator does for a test."""

    region: Region
    url: str
    session: Session = field(default_factory=Session)

    def client(self, service: str, keys: Keys = OPERATOR, **config: Any) -> Any:
        """A client of that service, the operator's unless there are other keys."""
        access_key, secret, token = keys
        return self.session.create_client(
            service,
            region_name=Region.name,
            endpoint_url=self.url,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=Config(retries={"max_attempts": 0, "mode": "standard"}, **config),
        )

    def user(self, name: str, *statements: dict[str, Any]) -> Keys:
        """The keys of a user who may do what the statements say."""
        iam = self.client("iam")
        iam.create_user(UserName=name)
        self.allow_user(name, *statements)
        made = iam.create_access_key(UserName=name)["AccessKey"]
        return made["AccessKeyId"], made["SecretAccessKey"], None

    def allow_user(self, name: str, *statements: dict[str, Any]) -> None:
        """Let a user do what the statements say, and no more."""
        if statements:
            self.client("iam").put_user_policy(UserName=name, PolicyName="only", PolicyDocument=document(*statements))

    def role(self, name: str, *statements: dict[str, Any], trust: dict[str, Any] = ANYBODY, **more: Any) -> str:
        """The ARN of a role that may do what the statements say."""
        iam = self.client("iam")
        arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust), **more)["Role"]["Arn"]
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="only", PolicyDocument=document(*statements))
        return arn

    def assumed(self, arn: str, keys: Keys = OPERATOR, **members: Any) -> Keys:
        """The keys of a session of a role."""
        answer = self.client("sts", keys).assume_role(RoleArn=arn, RoleSessionName="session", **members)
        made = answer["Credentials"]
        return made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"]


def document(*statements: dict[str, Any]) -> str:
    """A policy document of those statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(*actions: str, resource: Any = "*", **more: Any) -> dict[str, Any]:
    """A statement that allows."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}


def deny(*actions: str, resource: Any = "*", **more: Any) -> dict[str, Any]:
    """A statement that denies."""
    return {**allow(*actions, resource=resource, **more), "Effect": "Deny"}


def refusal(call: Any, **members: Any) -> tuple[str, int, str]:
    """The code, the status and the message with which a call is refused."""
    with pytest.raises(ClientError) as caught:
        call(**members)
    error = caught.value.response["Error"]
    return error["Code"], caught.value.response["ResponseMetadata"]["HTTPStatusCode"], error["Message"]


@contextmanager
def enforced_region(state: Path, now: datetime) -> Iterator[Enforced]:
    """A region in a folder, its clock paused at that time, with IAM enforced, that serves."""
    region = Region(state, paused=True, now=now, strict=True)
    services = install(region)
    enforce(region)
    server = Server(application(region, services))
    server.start()
    try:
        yield Enforced(region, server.url)
    finally:
        server.stop()
        region.close()
