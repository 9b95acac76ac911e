"""`data`: the C-MAPSS files: bring in the real ones, make some like them, say what there is."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from cmapss_tui.arguments import not_negative_integer
from cmapss_tui.cli import Parser, global_options
from cmapss_tui.exits import ExitCode
from cmapss_tui.formats import count, data_size
from cmapss_tui.options import Options
from cmapss_tui.output import narrate, write, write_json, write_table

if TYPE_CHECKING:
    from cmapss_data import Fleet


def add_arguments(parser: ArgumentParser) -> None:
    """Three things to do with data; none of them needs AWS."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)
    everywhere = [global_options()]
    bring = actions.add_parser("import", parents=everywhere, help="check the real files and keep a copy")
    bring.add_argument("path", type=Path, metavar="PATH", help="the real set: its zip, or the folder of its files")
    make = actions.add_parser("synthesize", parents=everywhere, help="make a fleet of the same shape")
    make.add_argument("--seed", type=not_negative_integer, metavar="N", help="another fleet for another number (23)")
    make.add_argument("--output", type=Path, metavar="DIR", help="where to; among the console's own data by default")
    info = actions.add_parser("info", parents=everywhere, help="which data is used, and what is in it")
    for action in (bring, make, info):
        action.add_argument("--json", action="store_true", help="print one JSON document")


def run(arguments: Namespace, options: Options) -> int:
    """Do it, and print what there is then. Raises DataError."""
    match arguments.action:
        case "import":
            from cmapss_data.importing import import_fleet

            fleet = import_fleet(arguments.path)
            narrate("Imported. It is used from now on where no other data is named.")
        case "synthesize":
            fleet = _synthesize(arguments.seed, arguments.output)
        case _:
            from cmapss_data import open_fleet

            fleet = open_fleet()
    _write_info(fleet, arguments.json)
    return ExitCode.DONE


def _synthesize(seed: int | None, output: Path | None) -> Fleet:
    from cmapss_data.homes import data_home, synthetic_directory
    from cmapss_data.marker import DEFAULT_SEED
    from cmapss_data.synthesize import synthesize

    chosen = DEFAULT_SEED if seed is None else seed
    return synthesize(output or synthetic_directory(data_home(), chosen), chosen)


def _write_info(fleet: Fleet, as_json: bool) -> None:
    info = fleet.info()
    if as_json:
        write_json({"origin": info.origin, "root": info.root, "ok": info.ok, "files": info.files})
        return
    write(f"{info.origin} data in {info.root}")
    write_table(
        ("file", "rows", "engines", "size", "state"),
        [
            (file.name, count(file.rows), count(file.engines), data_size(file.bytes), file.problem or "whole")
            for file in info.files
        ],
        right=("rows", "engines", "size"),
    )
