"""The command line: options that hold everywhere, a verb for all that the console does, one end for every error."""

from __future__ import annotations

import sys
from argparse import SUPPRESS, ArgumentParser, Namespace
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, cast

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_tui import __version__
from cmapss_tui.arguments import pause, positive_integer, word
from cmapss_tui.exits import ExitCode, exit_code_of
from cmapss_tui.interrupts import terminable
from cmapss_tui.options import Options, options_from
from cmapss_tui.output import abandon, flush, is_terminal, narrate, prepare_streams, write

if TYPE_CHECKING:
    from cmapss_core.aws import Aws

PROGRAM = "cmapss-console"
SMALLEST_TERMINAL = (80, 24)


@dataclass(frozen=True, slots=True, eq=False)
class Verb:
    """A verb: the module with its `add_arguments(parser)` and `run(arguments, options)`, loaded when it is used.

    One that is not `configured` looks at the configuration by itself, be it wrong.
    """

    module: str
    summary: str
    configured: bool = True


VERBS: Mapping[str, Verb] = {
    "jobs": Verb("cmapss_tui.verbs.jobs", "training jobs, best first"),
    "deploy": Verb("cmapss_tui.verbs.deploy", "put a training job's model into production"),
    "endpoints": Verb("cmapss_tui.verbs.endpoints", "endpoints: status, instances, cost"),
    "watch": Verb("cmapss_tui.verbs.watch", "an endpoint's scaling, metrics and activities, and why"),
    "update": Verb(
        "cmapss_tui.verbs.update", "an endpoint's model, instances, variants or weights; its roll-out, stopped"
    ),
    "scale": Verb("cmapss_tui.verbs.scale", "an endpoint's automatic scaling, or how many instances it has"),
    "validate": Verb("cmapss_tui.verbs.validate", "predict the C-MAPSS test set and measure the error"),
    "traffic": Verb("cmapss_tui.verbs.traffic", "send invocations at a steady rate"),
    "delete": Verb("cmapss_tui.verbs.delete", "delete an endpoint and what belongs to it"),
    "clean-up": Verb("cmapss_tui.verbs.clean_up", "what was left behind, and endpoints that nobody calls"),
    "operations": Verb("cmapss_tui.verbs.operations", "what was begun: list it, resume it, roll it back"),
    "data": Verb("cmapss_tui.verbs.data", "the C-MAPSS data: import, synthesize, info"),
    "sandbox": Verb("cmapss_tui.verbs.sandbox", "run an AWS region on this machine, to try things in"),
    "config": Verb("cmapss_tui.verbs.config", "what is set, where, and what can be", configured=False),
}


class Parser(ArgumentParser):
    """A parser that says what is wrong in one line; one of a verb's `module` loads it when the line names the verb."""

    def __init__(self, *, module: str | None = None, **options: Any) -> None:
        super().__init__(**options, allow_abbrev=False)
        self._module = module

    def error(self, message: str) -> NoReturn:
        """End with the exit code for usage."""
        narrate(f"{PROGRAM}: {' '.join(message.split())}. Try: {self.prog} --help")
        raise SystemExit(ExitCode.USAGE)

    # The usual one passes over what it cannot write.
    def _print_message(self, message: str, file: Any = None) -> None:
        write(message.removesuffix("\n"))

    # The parser of the whole line hands over the verb's part of it through this method.
    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """Parse; what nobody knows is refused here rather than handed back, so that the right help is named."""
        if self._module is not None:
            import_module(self._module).add_arguments(self)
            self._module = None
        parsed, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return parsed, unknown


def build_parser(verbs: Mapping[str, Verb] = VERBS) -> ArgumentParser:
    """The parser of a command line with these verbs, all of them by default; none is loaded yet."""
    everywhere = global_options()
    parser = Parser(
        prog=PROGRAM,
        description="A terminal operations console for Amazon SageMaker endpoints. Without a verb it opens.",
        epilog="Exit codes: 0 done, 1 failed, 2 usage, 3 not found, 4 a gate failed, 5 credentials or permission, "
        "6 refused, 130 interrupted, 143 terminated.",
        parents=[everywhere],
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    console = parser.add_argument_group("the console")
    console.add_argument("--theme", metavar="T", default=SUPPRESS, help="the console's colours, by the theme's name")
    console.add_argument(
        "--calls-per-minute",
        metavar="N",
        type=positive_integer,
        default=SUPPRESS,
        help="the budget of calls to AWS that the console makes by itself (20)",
    )
    if not verbs:
        parser.set_defaults(verb=None)
        return parser
    subparsers = parser.add_subparsers(dest="verb", metavar="VERB", title="verbs", parser_class=Parser)
    for name, verb in verbs.items():
        subparsers.add_parser(
            name,
            help=verb.summary,
            description=verb.summary[0].upper() + verb.summary[1:] + ".",
            parents=[everywhere],
            module=verb.module,
        )
    return parser


def global_options() -> Parser:
    """A parent for parsers: the options that are taken before the verb, behind it, and behind what it is to do."""
    # Suppressed defaults: what stands before the verb is not undone by the verb's parser.
    parser = Parser(add_help=False, argument_default=SUPPRESS)
    group = parser.add_argument_group("where and how")
    group.add_argument("--sandbox", action="store_true", help="use the sandbox on this machine, started if need be")
    group.add_argument("--profile", metavar="P", type=word, help="a profile of the AWS configuration")
    group.add_argument("--region", metavar="R", type=word, help="an AWS region, such as us-east-1")
    group.add_argument("--endpoint-url", metavar="U", help="the address of a sandbox, or of whatever speaks for AWS")
    group.add_argument("--read-only", action="store_true", help="refuse everything that would change something")
    group.add_argument("--refresh", metavar="S", type=pause, help="seconds between two readings")
    group.add_argument("--config", metavar="F", type=Path, help="a TOML file of settings, in place of the usual one")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code. No error leaves this function as an exception.

    An error is one line on stderr: whatever reads stdout has data there, or nothing.
    """
    prepare_streams()
    code: int = ExitCode.FAILED
    try:
        with terminable() as terminated:
            code = _ended(sys.argv[1:] if argv is None else argv)
        if code == ExitCode.INTERRUPTED:
            code = terminated() or code
        flush()
    except BrokenPipeError:
        abandon(sys.stdout)
    except ConsoleError as unwritten:
        return code or _told(unwritten)
    return code


def _ended(line: Sequence[str]) -> int:
    """Run the line; the exit code. What it failed with is told. Raises BrokenPipeError."""
    try:
        return _run(_parsed(line))
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else ExitCode.DONE
    except KeyboardInterrupt:
        narrate("Interrupted.")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        raise
    except Exception as error:
        return _told(error)


def _parsed(argv: Sequence[str]) -> Namespace:
    """The command line as it is meant. Raises SystemExit where it is wrong, or asks for help."""
    if VERBS.keys().isdisjoint(argv) and not {"-h", "--help"}.intersection(argv):
        # The console opens: it need not wait for the parsers of all verbs.
        arguments, unknown = ArgumentParser.parse_known_args(build_parser({}), argv)
        if not unknown:
            return arguments
    return build_parser().parse_args(argv)


def _run(arguments: Namespace) -> int:
    if arguments.verb is None:
        return _open_console(arguments)
    verb = VERBS[arguments.verb]
    options = options_from(arguments, starts_sandbox=False) if verb.configured else Options()
    if options.theme is not None or options.keymap:
        from cmapss_tui.console_settings import what_does_not_fit

        # No verb has a use for them; the console will refuse them.
        if (problem := what_does_not_fit(options)) is not None:
            narrate(f"! {problem.line()}")
    return cast(int, import_module(verb.module).run(arguments, options))


def _open_console(arguments: Namespace) -> int:
    options = options_from(arguments, starts_sandbox=True)
    if options.theme is not None or options.keymap:
        from cmapss_tui.console_settings import refuse_what_does_not_fit

        refuse_what_does_not_fit(options)
    problem = _terminal_problem()
    if problem is not None:
        narrate(f"{PROGRAM}: {problem} The verbs need none: {', '.join(VERBS)} (see {PROGRAM} --help).")
        return ExitCode.USAGE
    from cmapss_tui.app import ConsoleApp
    from cmapss_tui.opening import run_until_left

    try:
        code, fault = run_until_left(lambda: ConsoleApp(options, _connect))
    finally:
        from cmapss_tui.sandbox_process import stop_all

        stop_all()
    if fault is not None:
        narrate(f"{PROGRAM}: {fault.line}")
    return code


def _connect(options: Options, on_progress: Callable[[str], None]) -> Aws:
    # Imported when it is called: the first frame needs nothing of it.
    from cmapss_core.questions import ask_nobody
    from cmapss_tui.connection import connect

    ask_nobody()  # the terminal is the console's
    return connect(options, on_progress)


def _terminal_problem() -> str | None:
    """Why the console cannot be opened here, if it cannot."""
    if not (is_terminal(sys.stdin) and is_terminal(sys.stdout)):
        return "The console needs a terminal, and this is none."
    from shutil import get_terminal_size

    size = get_terminal_size()
    columns, lines = SMALLEST_TERMINAL
    if size.columns < columns or size.lines < lines:
        return f"The console needs a terminal of {columns}×{lines}; this one is {size.columns}×{size.lines}."
    return None


def _told(error: Exception) -> ExitCode:
    """Say in one line what the command line failed with; the exit code."""
    known = _known(error)
    if known is None:
        from cmapss_tui.crash import Fault

        fault = Fault.of(error)
        known = ConsoleError(ErrorKind.FAILED, f"unexpected {fault.what}", remedy=fault.kept)
    narrate(f"{PROGRAM}: {known.line()}")
    return exit_code_of(known)


def _known(error: Exception) -> ConsoleError | None:
    """What an operator is told of it; None of what nobody expected."""
    if isinstance(error, ConsoleError):
        return error
    from cmapss_data.errors import DataError

    if isinstance(error, DataError):
        return ConsoleError(ErrorKind.INVALID, " ".join(str(error).split()), remedy="")
    if isinstance(error, OSError) and error.filename is not None:
        reason = error.strerror or type(error).__name__
        return ConsoleError(ErrorKind.FAILED, f"{error.filename}: {reason}", remedy="")
    return None
