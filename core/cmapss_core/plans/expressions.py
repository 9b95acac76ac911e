"""Parts of the JMESPath expressions that proofs read answers with."""

from __future__ import annotations

import json


def literal(value: str | None) -> str:
    """A value as JMESPath writes it."""
    return "`{}`".format(json.dumps(value).replace("`", "\\`"))


def of_variant(variant: str, member: str) -> str:
    """Where DescribeEndpoint shows a member of one production variant, as an operand."""
    return f"(ProductionVariants[?VariantName == {literal(variant)}] | [0].{member})"
