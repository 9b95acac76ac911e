"""What AWS takes besides names: environment variables, tags, VPC settings, images, roles and S3 addresses.

The patterns and lengths are those of the API's own model (SageMaker, 2017-07-24); botocore checks none of them.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

from cmapss_core.errors import ConsoleError, invalid
from cmapss_core.plans.plan import OWNER_TAG

Pairs = Sequence[tuple[str, str]]

MAX_VARIABLES = 100
MAX_VARIABLE_BYTES = 1024  # of a key, and of a value
MAX_ENVIRONMENT_BYTES = 32 * 1024  # of all keys and values of a model together
MAX_TAGS = 50
MAX_SUBNETS, MAX_SECURITY_GROUPS = 16, 5

_VARIABLE = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_VPC_ID = re.compile(r"[-0-9a-zA-Z]{1,32}")
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@/-]+")
_S3_URI = re.compile(r"s3://([^/]+)/?(.*)", re.DOTALL)
_MAX_IMAGE, _MAX_ROLE, _MAX_MODEL_DATA, _MAX_DESTINATION = 255, 2048, 1024, 512


def bucket_and_key(uri: str) -> tuple[str, str]:
    """The two parts of an S3 URI; the key may be empty. Raises ConsoleError for anything else."""
    match = _S3_URI.fullmatch(uri)
    if match is None:
        raise invalid(f"{uri!r} is no S3 URI", "It looks like s3://bucket/path.")
    return match[1], match[2]


def check_model_data(uri: str) -> str:
    """The artefact's address itself. Raises ConsoleError unless it is of one packed object in S3."""
    _, key = bucket_and_key(uri)
    if not key.endswith(".tar.gz"):
        raise invalid(f"{uri!r} is no model artefact", "It is one object that ends in .tar.gz.")
    if len(uri) > _MAX_MODEL_DATA:
        raise _too_long("the artefact's address", len(uri), _MAX_MODEL_DATA)
    return uri


def check_destination(uri: str) -> str:
    """The address itself. Raises ConsoleError where captured data cannot be written to it."""
    bucket_and_key(uri)
    if len(uri) > _MAX_DESTINATION:
        raise _too_long("the destination of the captured data", len(uri), _MAX_DESTINATION)
    return uri


def check_image(image: str) -> str:
    """The image itself. Raises ConsoleError where it cannot be one."""
    if not image or re.search(r"\s", image):
        raise invalid(f"{image!r} is no image", "It looks like ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG.")
    if len(image) > _MAX_IMAGE:
        raise _too_long("the image", len(image), _MAX_IMAGE)
    return image


def check_role(role_arn: str) -> str:
    """The ARN itself. Raises ConsoleError where it is not a role's."""
    if _ROLE.fullmatch(role_arn) and len(role_arn) <= _MAX_ROLE:
        return role_arn
    raise invalid(f"{role_arn!r} is no role's ARN", "It looks like arn:aws:iam::123456789012:role/NAME.")


def check_environment(variables: Pairs) -> None:
    """Raises ConsoleError for what AWS refuses as a container's environment; no value is ever told."""
    if len(variables) > MAX_VARIABLES:
        raise invalid(f"{len(variables)} environment variables are more than {MAX_VARIABLES}", "Give fewer.")
    for key, value in variables:
        if not _VARIABLE.fullmatch(key):
            raise invalid(
                f"{key!r} is no name of an environment variable",
                "It has letters, digits and underscores, and begins with no digit.",
            )
        for part, text in (("name", key), ("value", value)):
            if (size := len(text.encode())) > MAX_VARIABLE_BYTES:
                raise invalid(
                    f"the {part} of the environment variable {key[:40]} has {size} bytes of at most "
                    f"{MAX_VARIABLE_BYTES}",
                    "Shorten it, or put it into a file of the model.",
                )
    _refuse_repeated("the environment variable", (key for key, _ in variables))
    total = sum(len(key.encode()) + len(value.encode()) for key, value in variables)
    if total > MAX_ENVIRONMENT_BYTES:
        raise invalid(
            f"the environment variables have {total} bytes of at most {MAX_ENVIRONMENT_BYTES} together", "Give fewer."
        )


def check_tags(tags: Pairs) -> None:
    """Raises ConsoleError for tags that AWS refuses beside the console's own."""
    if len(tags) > MAX_TAGS - 1:
        raise invalid(f"{len(tags)} tags are more than {MAX_TAGS - 1}", f"One of {MAX_TAGS} is the console's own.")
    for key, value in tags:
        if not 1 <= len(key) <= 128:
            raise invalid(f"the tag key {key[:40]!r} has {len(key)} characters", "It takes 1 to 128.")
        if len(value) > 256:
            raise _too_long(f"the value of the tag {key}", len(value), 256)
        for text in (key, value):
            if odd := sorted({character for character in text if not _fits_tag(character)}):
                raise invalid(
                    f"the tag {key}={value} has {' '.join(map(repr, odd))} in it",
                    "Use letters, digits, spaces and _ . : / = + - @",
                )
        if key.lower().startswith("aws:"):
            raise invalid(f"the tag {key} begins with aws:", "AWS keeps those for itself.")
        if key == OWNER_TAG:
            raise invalid(f"the tag {OWNER_TAG} is the console's own", "Choose another key.")
    _refuse_repeated("the tag", (key for key, _ in tags))


def check_vpc(subnets: Sequence[str], security_groups: Sequence[str]) -> None:
    """Raises ConsoleError for VPC settings that AWS refuses; none at all are good."""
    if bool(subnets) != bool(security_groups):
        missing = "security group" if subnets else "subnet"
        raise invalid(f"a VPC without a {missing}", "Give both --subnet and --security-group.")
    for kind, ids, most in (
        ("subnet", subnets, MAX_SUBNETS),
        ("security group", security_groups, MAX_SECURITY_GROUPS),
    ):
        if len(ids) > most:
            raise invalid(f"{len(ids)} {kind}s are more than {most}", "Give fewer.")
        for name in ids:
            if not _VPC_ID.fullmatch(name):
                raise invalid(f"{name!r} is no id of a {kind}", "It looks like subnet-0abc or sg-0abc.")
        _refuse_repeated(f"the {kind}", ids)


def _fits_tag(character: str) -> bool:
    return character in "_.:/=+-@" or unicodedata.category(character)[0] in "LZN"


def _refuse_repeated(kind: str, names: Iterable[str]) -> None:
    for name, count in Counter(names).items():
        if count > 1:
            raise invalid(f"{kind} {name} is given {count} times", "Give it once.")


def _too_long(what: str, length: int, most: int) -> ConsoleError:
    return invalid(f"{what} has {length} characters of at most {most}", "Give a shorter one.")
