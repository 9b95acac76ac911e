"""Faults of S3, IAM and EC2, which answer behind the same port in protocols of their own."""

from __future__ import annotations

import pytest
from botocore.exceptions import ConnectionClosedError

from cmapss_sandbox.region import Region
from tests.sandbox.conftest import Clients, Control
from tests.sandbox.enforced import refusal


@pytest.mark.parametrize(
    ("kind", "code", "status"),
    [
        ("throttling", "SlowDown", 503),
        ("internal-failure", "InternalError", 500),
        ("service-unavailable", "ServiceUnavailable", 503),
        ("expired-token", "ExpiredToken", 400),
        ("access-denied", "AccessDenied", 403),
        ("clock-skew", "RequestTimeTooSkewed", 403),
    ],
)
def test_s3_refuses_in_its_own_words(kind: str, code: str, status: int, clients: Clients, control: Control) -> None:
    control("faults", add={"kind": kind, "operation": "s3:*"})
    assert refusal(clients("s3").list_buckets)[:2] == (code, status)
    assert clients("iam").list_roles()["Roles"]


def test_iam_and_ec2_refuse_in_the_form_of_their_protocols(clients: Clients, control: Control) -> None:
    control(
        "faults",
        add=[{"kind": "throttling", "operation": "iam:ListRoles"}, {"kind": "throttling", "operation": "ec2:*"}],
    )
    assert refusal(clients("iam").list_roles) == ("Throttling", 400, "Rate exceeded")
    assert refusal(clients("ec2").describe_vpcs) == ("RequestLimitExceeded", 503, "Request limit exceeded.")
    assert clients("s3").list_buckets()["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_s3_objects_are_stored_or_not_when_their_connection_is_dropped(
    clients: Clients, control: Control, region: Region
) -> None:
    s3 = clients("s3")
    s3.create_bucket(Bucket="bucket")
    control("faults", add={"kind": "dropped-before", "operation": "s3:PutObject", "count": 1})
    with pytest.raises(ConnectionClosedError):
        s3.put_object(Bucket="bucket", Key="key", Body=b"before")
    assert region.objects.head("bucket", "key") is None
    control("faults", add={"kind": "dropped-after", "operation": "s3:PutObject", "count": 1})
    with pytest.raises(ConnectionClosedError):
        s3.put_object(Bucket="bucket", Key="key", Body=b"after")
    assert region.objects.get("bucket", "key") == b"after"
    dropped = [call for call in region.calls if call.status == 0]
    assert [(call.operation, call.code) for call in dropped] == [("PutObject", "ConnectionDropped")] * 2
