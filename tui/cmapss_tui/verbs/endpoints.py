"""`endpoints`: what serves in this region, on how many instances, at what cost."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from contextlib import closing

from cmapss_tui.connection import connect
from cmapss_tui.documents import endpoint_document
from cmapss_tui.exits import ExitCode
from cmapss_tui.formats import hourly_cost, moment
from cmapss_tui.options import Options
from cmapss_tui.output import narrate, write_json, write_table


def add_arguments(parser: ArgumentParser) -> None:
    """Nothing to choose."""
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(arguments: Namespace, options: Options) -> int:
    """Print the endpoints. Raises ConsoleError where they cannot be read."""
    from cmapss_core.endpoints import STATUS_GLYPHS, EndpointsReader

    with closing(connect(options, narrate)) as aws:
        snapshot = EndpointsReader(aws).read()
    if snapshot.error is not None:
        raise snapshot.error
    if arguments.json:
        write_json([endpoint_document(endpoint) for endpoint in snapshot.endpoints])
        return ExitCode.DONE
    if not snapshot.endpoints:
        narrate("There is no endpoint in this region.")
        return ExitCode.DONE
    write_table(
        ("endpoint", "status", "instances", "type", "cost", "created"),
        [
            (
                endpoint.name,
                f"{STATUS_GLYPHS.get(endpoint.status, '?')} {endpoint.status}",
                _instances(endpoint.current_instances, endpoint.desired_instances),
                ", ".join(sorted({variant.instance_type or "–" for variant in endpoint.variants})) or "–",
                hourly_cost(endpoint.hourly_cost_usd),
                moment(endpoint.created),
            )
            for endpoint in snapshot.endpoints
        ],
        right=("instances", "cost"),
    )
    return ExitCode.DONE


def _instances(current: int, desired: int) -> str:
    return str(current) if current == desired else f"{current} → {desired}"
