"""The permissions boundaries of users, which moto does not know; those of roles it does."""

from __future__ import annotations

from collections.abc import Mapping

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.iam.principals import boundaries, directory
from cmapss_sandbox.periphery import backends
from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.wire import models, serialise
from cmapss_sandbox.wire.replies import Reply

_OPERATIONS = frozenset({"PutUserPermissionsBoundary", "DeleteUserPermissionsBoundary"})


def answer(region: Region, context: RequestContext, form: Mapping[str, str]) -> Reply | None:
    """The answer to a request that sets or removes a user's boundary, None to all others."""
    if context.operation not in _OPERATIONS:
        return None
    name = form["UserName"]
    with region.transaction():
        if name not in directory(region).users:
            raise AwsError("NoSuchEntity", f"The user with name {name} cannot be found.", 404)
        if context.operation.startswith("Put"):
            boundaries(region)[name] = {"arn": form["PermissionsBoundary"]}
        elif boundaries(region).pop(name, None) is None:
            raise AwsError("NoSuchEntity", f"The user with name {name} has no permissions boundary.", 404)
        backends.note_change(region)
    operation = models.operation_model("iam", context.operation)
    assert operation is not None
    return Reply(200, {"Content-Type": "text/xml"}, serialise.query_body(operation, {}, context.request_id))


def follow(region: Region, operation: str, form: Mapping[str, str]) -> None:
    """Keep step with users who were made with a boundary, renamed or deleted."""
    name = form.get("UserName", "")
    if operation == "CreateUser" and "PermissionsBoundary" in form:
        boundaries(region)[name] = {"arn": form["PermissionsBoundary"]}
    elif operation == "DeleteUser":
        boundaries(region).pop(name, None)
    elif operation == "UpdateUser" and name in boundaries(region) and "NewUserName" in form:
        boundaries(region)[form["NewUserName"]] = boundaries(region).pop(name)
    else:
        return
    backends.note_change(region)
