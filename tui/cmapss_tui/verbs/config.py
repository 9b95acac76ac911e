"""`config`: what is set and by whom, where the file is, and what may stand in it."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser, Namespace

from cmapss_tui.cli import Parser, global_options
from cmapss_tui.exits import ExitCode
from cmapss_tui.options import Options, config_asked_for, default_config_path, layers_of, merged
from cmapss_tui.output import narrate, write, write_json, write_table


def add_arguments(parser: ArgumentParser) -> None:
    """Which of the three; what is set by default."""
    _add_json_argument(parser)
    parser.set_defaults(json=False)
    actions = parser.add_subparsers(dest="action", metavar="[show | path | schema]", parser_class=Parser)
    everywhere = global_options()
    for name, summary in (
        ("show", "every setting, its value, and where that is from"),
        ("path", "where the configuration file is"),
        ("schema", "the JSON Schema of the configuration file"),
    ):
        _add_json_argument(actions.add_parser(name, help=summary, parents=[everywhere]))


def _add_json_argument(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", default=SUPPRESS, help="print one JSON document")


def run(arguments: Namespace, _: Options) -> int:
    """Print what was asked for. Raises ConsoleError(INVALID) where what is to be shown is wrong."""
    match arguments.action:
        case "path":
            _path(arguments)
        case "schema":
            from cmapss_tui.configuration import schema

            write_json(schema())
        case _:
            _show(arguments)
    return ExitCode.DONE


def _path(arguments: Namespace) -> None:
    path = config_asked_for(arguments) or default_config_path()
    exists = path.is_file()
    if arguments.json:
        write_json({"path": path, "exists": exists})
        return
    write(str(path))
    if not exists:
        narrate("There is no file there: everything is as it is by default. Settings in the console write it.")


def _show(arguments: Namespace) -> None:
    from cmapss_tui.console_settings import refuse_what_does_not_fit
    from cmapss_tui.settings import setting_lines, value_text

    layers, config = layers_of(arguments)
    options = merged(layers, config=config, starts_sandbox=False)
    refuse_what_does_not_fit(options)
    lines = setting_lines(options)
    if arguments.json:
        write_json(
            {
                "path": layers.path,
                "exists": layers.path.is_file(),
                "settings": [
                    {"name": line.name, "value": line.value, "source": line.source.origin, "where": line.source.where}
                    for line in lines
                ],
                "profiles": layers.profiles,
            }
        )
        return
    write_table(
        ("setting", "value", "from"),
        [
            *((line.name, line.text, line.source) for line in lines),
            *(
                (f"profiles.{profile}.{name}", value_text(value), "file, with that profile")
                for profile, part in layers.profiles.items()
                for name, value in part.items()
            ),
        ],
    )
    narrate(f"The file is {layers.path}" + ("." if layers.path.is_file() else ", which is not there."))
