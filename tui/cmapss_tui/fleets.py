"""Which engines an endpoint is asked about: those that its model was trained on, unless others are named."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from cmapss_core.aws import Aws
    from cmapss_data import Fleet

_OWN: Mapping[str, Literal["nasa", "synthetic"]] = {"nasa": "nasa", "synthetic": "synthetic"}


def fleet_for(
    aws: Aws, endpoint: str, data: Path | None = None, warn: Callable[[str], None] = lambda line: None
) -> Fleet:
    """The fleet that lies in `data`, or this machine's own of the origin that the endpoint's model has learnt from.

    Engines that are named and differ from those are used all the same, and `warn` is told. Raises ConsoleError,
    DataError.
    """
    from cmapss_core.endpoints import read_endpoint
    from cmapss_core.provenance import training_data
    from cmapss_data import open_fleet, own_fleet

    trained_on = training_data(aws, read_endpoint(aws, endpoint))
    if data is None:
        return own_fleet(_OWN.get(trained_on or ""))
    fleet = open_fleet(data)
    if trained_on not in (None, fleet.origin):
        warn(f"The model of {endpoint} was trained on {trained_on} data, and the data in {data} is {fleet.origin}.")
    return fleet
