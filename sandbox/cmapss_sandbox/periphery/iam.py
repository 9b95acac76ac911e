"""IAM's requests carried out: by moto, but for what moto does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmapss_sandbox.errors import AwsError, validation_error
from cmapss_sandbox.iam import simulation, user_boundaries
from cmapss_sandbox.periphery import backends
from cmapss_sandbox.periphery.operations import Named
from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.wire import models, parse, validate
from cmapss_sandbox.wire.replies import Reply

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


def carry_out(region: Region, context: RequestContext, named: Named, environ: WSGIEnvironment) -> Reply:
    """The reply to a request of IAM's, whose form is checked first; raises AwsError for what is refused."""
    _refuse_violations(named)
    for part in (simulation, user_boundaries):
        answered: Reply | None = part.answer(region, context, named.members)
        if answered is not None:
            return answered
    if named.reads:
        with backends.moto(region, "iam"):
            backends.know_managed_policies(region, environ["wsgi.input"].getvalue())
            return backends.call("iam", environ)
    with region.transaction():
        reply = backends.change(region, "iam", environ)
        if reply.status < 300:
            user_boundaries.follow(region, named.operation, named.members)
        return reply


def _refuse_violations(named: Named) -> None:
    """Check a form against its model, for moto takes what it wants from it without a look."""
    operation = models.operation_model("iam", named.operation)
    if operation is None:
        raise AwsError("InvalidAction", f"Could not find operation {named.operation} for version 2010-05-08")
    if operation.input_shape is not None:
        wrong = validate.constraint_violations(operation.input_shape, parse.parse_query(operation, named.members))
        if wrong is not None:
            raise validation_error(wrong)
