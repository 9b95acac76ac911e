"""`python -m benchmarks [NAME …]`: measure, and print ratios; `--strict` fails where a bar is missed."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import cast

from rich.console import Console
from rich.table import Table

from benchmarks.measurement import Measurement

# Each has a function measure() that returns its measurements.
BENCHMARKS: Mapping[str, str] = {
    "validate": "benchmarks.validate",
    "first_frame": "benchmarks.first_frame",
    "keystroke": "benchmarks.keystroke",
    "memory": "benchmarks.memory",
    "stalls": "benchmarks.stalls",
    "calls": "benchmarks.calls",
    "idle": "benchmarks.idle",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmarks that are named, all of them by default; figures are noisy, so a miss fails only if asked."""
    parser = ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--strict", action="store_true", help="exit with 1 where a bar is missed")
    arguments = parser.parse_args(argv)
    unknown = [name for name in arguments.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(BENCHMARKS)}")
    measurements: list[Measurement] = []
    for name in arguments.names or BENCHMARKS:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        measure = cast(Callable[[], Sequence[Measurement]], import_module(BENCHMARKS[name]).measure)
        measurements += measure()
    Console(width=None if sys.stdout.isatty() else 120).print(_table(measurements))
    return int(arguments.strict and not all(measurement.ok for measurement in measurements))


def _table(measurements: Sequence[Measurement]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("benchmark")
    for column in ("ours", "peer", "ratio", "bar"):
        table.add_column(column, justify="right")
    table.add_column("")
    for one in measurements:
        table.add_row(
            one.name,
            f"{one.ours:.4g} {one.unit}",
            f"{one.peer:.4g} {one.unit}",
            f"{one.ratio:.2f}×",
            f"{'≤' if one.at_most else '≥'} {one.bar:g}×",
            "ok" if one.ok else "over" if one.at_most else "under",
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
