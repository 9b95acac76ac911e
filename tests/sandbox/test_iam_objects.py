"""Who may do what with buckets and objects where IAM is enforced, as unmodified clients are told it."""

from __future__ import annotations

import urllib.error
import urllib.request

import pytest

from tests.sandbox.enforced import Enforced, Keys, allow, deny, document, refusal

BUCKET = "engines-bucket"


def test_only_the_listing_that_the_prefix_allows(enforced: Enforced) -> None:
    enforced.region.objects.put(BUCKET, "mine/a", b"x")
    keys = enforced.user(
        "dan",
        allow("s3:ListBucket", resource=f"arn:aws:s3:::{BUCKET}", Condition={"StringLike": {"s3:prefix": "mine/*"}}),
        allow("s3:GetObject", resource=f"arn:aws:s3:::{BUCKET}/mine/*"),
    )
    s3 = enforced.client("s3", keys)
    assert len(s3.list_objects_v2(Bucket=BUCKET, Prefix="mine/")["Contents"]) == 1
    assert s3.get_object(Bucket=BUCKET, Key="mine/a")["Body"].read() == b"x"
    assert refusal(s3.list_objects_v2, Bucket=BUCKET)[2] == (
        "User: arn:aws:iam::000000000000:user/dan is not authorized to perform: s3:ListBucket on resource: "
        f'"arn:aws:s3:::{BUCKET}" because no identity-based policy allows the s3:ListBucket action'
    )
    assert refusal(s3.get_object, Bucket=BUCKET, Key="mine/absent")[:2] == ("AccessDenied", 403)
    assert refusal(s3.head_object, Bucket=BUCKET, Key="mine/absent")[:2] == ("403", 403)
    enforced.allow_user("dan", allow("s3:*"))
    assert refusal(s3.head_object, Bucket=BUCKET, Key="mine/absent")[:2] == ("404", 404)


def test_a_bucket_s_own_policy_lets_in_and_keeps_out(enforced: Enforced, nobody: Keys) -> None:
    operator = enforced.client("s3")
    operator.create_bucket(Bucket="shared")
    operator.put_object(Bucket="shared", Key="open/a", Body=b"x")
    operator.put_object(Bucket="shared", Key="closed/a", Body=b"x")
    principal = {"AWS": "arn:aws:iam::000000000000:user/nobody"}
    operator.put_bucket_policy(
        Bucket="shared",
        Policy=document(
            allow("s3:GetObject", resource="arn:aws:s3:::shared/*", Principal=principal),
            deny("s3:*", resource="arn:aws:s3:::shared/closed/*", Principal="*"),
        ),
    )
    s3 = enforced.client("s3", nobody)
    assert s3.get_object(Bucket="shared", Key="open/a")["Body"].read() == b"x"
    message = refusal(s3.get_object, Bucket="shared", Key="closed/a")[2]
    assert message.endswith("with an explicit deny in a resource-based policy")
    assert refusal(s3.put_object, Bucket="shared", Key="open/b")[0] == "AccessDenied"


def test_of_many_deletions_those_happen_that_may(enforced: Enforced) -> None:
    for key in ("mine/1", "mine/2", "theirs/1"):
        enforced.region.objects.put("many", key, b"")
    keys = enforced.user("eva", allow("s3:DeleteObject", resource="arn:aws:s3:::many/mine/*"))
    s3 = enforced.client("s3", keys)
    objects = [{"Key": key} for key in ("mine/1", "mine/2", "theirs/1")]
    answer = s3.delete_objects(Bucket="many", Delete={"Objects": objects})
    assert sorted(row["Key"] for row in answer["Deleted"]) == ["mine/1", "mine/2"]
    [error] = answer["Errors"]
    assert (error["Key"], error["Code"]) == ("theirs/1", "AccessDenied")
    assert list(enforced.region.objects.keys("many")) == ["theirs/1"]
    answer = s3.delete_objects(Bucket="many", Delete={"Objects": [{"Key": "theirs/1"}]})
    assert "Deleted" not in answer


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_a_presigned_address_is_good_for_what_its_maker_may(enforced: Enforced, nobody: Keys, version: str) -> None:
    enforced.region.objects.put(BUCKET, "deep/größe 1+1.csv", b"found")
    asked = {"Bucket": BUCKET, "Key": "deep/größe 1+1.csv"}
    keys = enforced.user(f"fay-{version}", allow("s3:*"))
    address = enforced.client("s3", keys, signature_version=version).generate_presigned_url("get_object", asked)
    assert urllib.request.urlopen(address).read() == b"found"
    for wrong in (
        address.replace("1%2B1", "1%2B2"),
        enforced.client("s3", nobody, signature_version=version).generate_presigned_url("get_object", asked),
    ):
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(wrong)
        assert caught.value.code == 403
