"""An AWS whose answers are made up: of the right shape, nearly so, or nothing of the kind. No socket is opened."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable, Mapping
from typing import Any
from xml.sax.saxutils import escape

from botocore.awsrequest import AWSResponse
from botocore.model import OperationModel, Shape

from cmapss_core.aws import Aws, Target

Body = Callable[[OperationModel], bytes]

_DEEPEST = 9
_NOW = 1_790_000_000
_TEXTS = (
    *("", "{}", "[]", "ep", "AllTraffic", "q0", "m0_0", "InService", "Updating", "Completed", "OK", "Minimize"),
    *("[red]", "\x1b[31m", "\ud83d", "StateUpdate", "EndpointName", "GreaterThanThreshold", "ml.m5.xlarge"),
    *("endpoint/ep/variant/AllTraffic", "sagemaker:variant:DesiredInstanceCount", "s3://b/job/output/model.tar.gz"),
    *("arn:aws:sagemaker:us-east-1:000000000000:endpoint/ep", "Setting desired instance count to 3."),
    *("cron(0 8 * * ? *)", "at(2026-13-45T99:99:99)", "desired instance count to " + "9" * 400),
    '{"terms": {"OnDemand": {"a": {"priceDimensions": {"b": {"unit": "Hrs", "pricePerUnit": {"USD": "x"}}}}}}}',
)
_JUNK: tuple[Any, ...] = (
    *(None, [], {}, "", 0, -1, 1.5, True, "text", [None], {"a": None}, [[]], 10**30, -(10**18), 1e308, "NaN"),
    *(float("nan"), float("inf"), "2026-01-01T00:00:00", 253402300799, -62135596800, [{}], "Infinity"),
)


class GarbledAws(Aws):
    """A connection whose every answer has the body that was set last; every service answers at once."""

    def __init__(self) -> None:
        super().__init__(Target(region="us-east-1", endpoint_url="http://127.0.0.1:1"))
        self._body: Body = lambda model: b""
        self._status, self._seed = 200, 0

    def answering(self, body: Body, *, status: int = 200, seed: int = 0) -> GarbledAws:
        """The same, knowing nothing, with other answers: clients take long to make."""
        self._body, self._status, self._seed = body, status, seed
        self._memory.clear()
        self.clock.hear({"date": "Mon, 23 Nov 2026 04:00:00 GMT"})
        return self

    def _make_client(self, service: str) -> Any:
        client = super()._make_client(service)

        def answer(request: Any, event_name: str, **_: Any) -> AWSResponse:
            model = client.meta.service_model.operation_model(event_name.rsplit(".", 1)[-1])
            headers = {"x-amzn-RequestId": "r-1", **_headers(self._seed)}
            return AWSResponse(request.url, self._status, headers, _Raw(self._body(model)))

        client.meta.events.register_last("before-send", answer)
        return client


class _Raw(io.BytesIO):
    """A body as urllib3 hands it over."""

    def stream(self, amt: int = 1024, decode_content: bool = False) -> Any:
        while chunk := self.read(amt):
            yield chunk


def nearly(chance: random.Random, share: float, *, of: Mapping[str, Any] | None = None) -> Body:
    """Answers of the right shape, of which that share of the values is missing, null or something else."""

    def written(model: OperationModel) -> bytes:
        if model.output_shape is None:
            return b""
        value = _value(model.output_shape, chance, share, 0)
        if model.service_model.protocol in ("query", "ec2", "rest-xml"):
            return _xml(model, value)
        return json.dumps(value).encode()

    return written


def _headers(seed: int) -> dict[str, str]:
    chance = random.Random(seed)
    dates = ("Mon, 23 Nov 2026 04:00:00 GMT", "Mon, 23 Nov 2026 04:00:00 -0000", "yesterday", "")
    return {"Date": chance.choice(dates), "X-Region-Speed": chance.choice(("1", "60", "nan", "inf", "-1", "fast"))}


def _value(shape: Shape, chance: random.Random, share: float, depth: int) -> Any:
    if depth and chance.random() < share:
        return chance.choice(_JUNK)
    kind = shape.type_name
    if kind == "structure":
        present = [name for name in shape.members if depth < _DEEPEST and chance.random() >= share]
        return {
            shape.members[name].serialization.get("name", name): _value(shape.members[name], chance, share, depth + 1)
            for name in present
        }
    if kind == "list":
        few = range(chance.choice((0, 1, 1, 2)) if depth < _DEEPEST else 0)
        return [_value(shape.member, chance, share, depth + 1) for _ in few]
    if kind == "map":
        return {chance.choice(_TEXTS): _value(shape.value, chance, share, depth + 1)}
    if kind == "string":
        return chance.choice(shape.enum) if shape.enum and chance.random() < 0.9 else chance.choice(_TEXTS)
    return {
        "boolean": chance.random() < 0.5,
        "timestamp": _NOW - chance.randrange(90_000),
        "integer": chance.randrange(9),
        "long": chance.choice((_NOW * 1000, 5, 2**62)),
        "blob": "AAAA",
    }.get(kind, chance.uniform(0, 90))


def _xml(model: OperationModel, value: Any) -> bytes:
    def text(of: Any) -> str:
        if isinstance(of, dict):
            named = ((name if name.isidentifier() and name.isascii() else "entry", one) for name, one in of.items())
            return "".join(f"<{name}>{text(one)}</{name}>" for name, one in named)
        if isinstance(of, list):
            return "".join(f"<member>{text(one)}</member>" for one in of)
        return "" if of is None else escape("".join(c for c in str(of) if c >= " " and not "\ud800" <= c <= "\udfff"))

    wrapper = model.output_shape.serialization.get("resultWrapper") if model.output_shape else None
    inner = f"<{wrapper}>{text(value)}</{wrapper}>" if wrapper else text(value)
    return f"<{model.name}Response>{inner}</{model.name}Response>".encode()
