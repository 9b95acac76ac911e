"""`python -m cmapss_sandbox`: a region on this machine until it is told to stop."""

from __future__ import annotations

import argparse
import json
import logging
import logging.handlers
import os
import signal
import sys
import threading
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, NoReturn

from cmapss_sandbox.clock import FASTEST
from cmapss_sandbox.errors import SandboxError

if TYPE_CHECKING:
    from cmapss_sandbox.region import Region

_log = logging.getLogger("cmapss_sandbox")

_LOG_BYTES = 2_000_000
_INTERRUPTED = 130
_FIRST_MODEL_SECONDS = 60.0


def main(arguments: list[str] | None = None) -> int:
    """Serve a region and return the exit code: 0 stopped, 1 could not serve, 2 wrong usage, 130 interrupted."""
    # Everything in the state folder is for this user alone.
    os.umask(0o077)
    parser = _parser()
    options = parser.parse_args(arguments)
    _take_data(parser, options.data)
    state: Path = options.state or _default_state()
    try:
        state.mkdir(parents=True, exist_ok=True)
        _log_to(state / "sandbox.log")
    except OSError as error:
        print(
            f"cmapss-sandbox: {error.filename or state} cannot be written ({error.strerror or error}): "
            "name another folder with --state.",
            file=sys.stderr,
        )
        return 1
    try:
        return _serve(options, state.absolute())
    except SandboxError as error:
        print(f"cmapss-sandbox: {error}", file=sys.stderr)
    except ModuleNotFoundError as error:
        _log.exception("A module is missing")
        print(
            f"cmapss-sandbox: {error.name} is missing: pip install 'cmapss-console[sandbox]' brings it.",
            file=sys.stderr,
        )
    except OSError as error:
        _log.exception("The sandbox could not serve")
        print(f"cmapss-sandbox: {error.filename or state}: {error.strerror or error}.", file=sys.stderr)
    except Exception as error:
        _log.exception("The sandbox failed")
        log = state / "sandbox.log"
        print(f"cmapss-sandbox: {type(error).__name__}: {error}; {log} says more.", file=sys.stderr)
    return 1


def _serve(options: argparse.Namespace, state: Path) -> int:
    from cmapss_sandbox import services
    from cmapss_sandbox.events import Ticker
    from cmapss_sandbox.iam import authorization
    from cmapss_sandbox.periphery import answering
    from cmapss_sandbox.region import Region
    from cmapss_sandbox.seeds import Seeds
    from cmapss_sandbox.server import Server
    from cmapss_sandbox.training.trainer import Trainer
    from cmapss_sandbox.wire.dispatch import application

    reasons: SimpleQueue[int] = SimpleQueue()
    signal.signal(signal.SIGTERM, lambda *_: reasons.put(0))
    signal.signal(signal.SIGINT, lambda *_: reasons.put(_INTERRUPTED))
    region = Region(state, speed=options.speed)
    if region.set_aside is not None:
        print(
            f"cmapss-sandbox: {state} was of another version: it is kept in {region.set_aside.name} there, "
            "and a new region begins.",
            file=sys.stderr,
        )
    try:
        installed = services.install(region)
        if options.enforce_iam:
            authorization.enforce(region)
        server = Server(application(region, installed), options.port)
        trainer = Trainer(region)
        seeds = Seeds(region, trainer, options.data, options.tuning_jobs)
        ticker = Ticker(region)
        address = {
            "endpoint_url": server.url,
            "region": region.name,
            "pid": os.getpid(),
            "speed": options.speed,
            "state": str(state),
        }
        announcement = state / "sandbox.json"
        try:
            server.start()
            ticker.start()
            # Whoever looks for it while it is being written finds the old one, or none.
            announcement_to_be = announcement.with_suffix(".new")
            announcement_to_be.write_text(json.dumps(address) + "\n", encoding="utf-8")
            announcement_to_be.replace(announcement)
            if options.owned or options.at_once:
                _announce(address, reasons, as_json=options.json)
            else:
                trained = (region, address, reasons, options.json)
                threading.Thread(target=_announce_trained, args=trained, name="announcement", daemon=True).start()
            if options.owned:
                threading.Thread(target=_wait_for_owner, args=(reasons,), name="owner", daemon=True).start()
            seeds.plant()
            trainer.start()
            threading.Thread(target=answering.warm, args=(region,), name="warm", daemon=True).start()
            _log.info("Serving at %s", server.url)
            reason = reasons.get()
            _log.info("Stopping")
        finally:
            announcement.unlink(missing_ok=True)
            server.stop()
            ticker.stop()
            trainer.close()
    finally:
        region.close()
    return reason


def _announce_trained(region: Region, address: dict[str, Any], reasons: SimpleQueue[int], as_json: bool) -> None:
    """Say where it serves once there is a model to deploy: the next line of a script is likely to ask for one."""
    from cmapss_sandbox.control import completed_training_jobs

    region.wait_until(lambda: completed_training_jobs(region) > 0, _FIRST_MODEL_SECONDS)
    _announce(address, reasons, as_json=as_json)


def _announce(address: dict[str, Any], reasons: SimpleQueue[int], *, as_json: bool) -> None:
    lines = [
        f"export AWS_ENDPOINT_URL={address['endpoint_url']}",
        "export AWS_ACCESS_KEY_ID=sandbox",
        "export AWS_SECRET_ACCESS_KEY=sandbox",
        f"export AWS_DEFAULT_REGION={address['region']}",
    ]
    try:
        print(json.dumps(address) if as_json else "\n".join(lines), flush=True)
    except OSError as error:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
        # Where whoever started it reads no more, it serves all the same.
        if not isinstance(error, BrokenPipeError):
            print(f"cmapss-sandbox: where it serves cannot be written ({error.strerror or error}).", file=sys.stderr)
            reasons.put(1)


def _wait_for_owner(reasons: SimpleQueue[int]) -> None:
    # The file descriptor itself, for a buffer that is being read keeps the interpreter from ending.
    while os.read(0, 4096):
        pass
    reasons.put(0)


def _take_data(parser: argparse.ArgumentParser, data: Path | None) -> None:
    """Check the data; the real set is kept, so that who validates a model of this region has its engines too."""
    if data is None:
        return
    from cmapss_data import DataError, open_fleet
    from cmapss_data.importing import remember

    try:
        remember(open_fleet(data))
    except DataError as error:
        parser.exit(2, f"cmapss-sandbox: {error}\n")


def _log_to(path: Path) -> None:
    """Log to a file; the line at which a killed sandbox stopped is ended first."""
    with path.open("ab+") as log:
        if log.tell():
            log.seek(-1, os.SEEK_END)
            if log.read(1) != b"\n":
                log.write(b"\n")
    handler = logging.handlers.RotatingFileHandler(path, maxBytes=_LOG_BYTES, backupCount=1, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    _log.setLevel(logging.INFO)


def _default_state() -> Path:
    home = os.environ.get("CMAPSS_CONSOLE_HOME")
    if home:
        return Path(home).expanduser() / "sandbox"
    from platformdirs import user_data_path

    return user_data_path("cmapss-console", appauthor=False) / "sandbox"


class _Parser(argparse.ArgumentParser):
    """Says what is wrong on one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"cmapss-sandbox: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m cmapss_sandbox",
        description="An emulated AWS region on this machine: SageMaker that trains, serves and scales.",
        allow_abbrev=False,
    )
    parser.add_argument("--port", type=_port, default=0, help="the port on 127.0.0.1; 0, the default, is any free one")
    parser.add_argument("--speed", type=_speed, default=60.0, help="region seconds in a real second (default 60)")
    parser.add_argument(
        "--data",
        type=Path,
        help="a directory or zip with the C-MAPSS files, which are imported; otherwise those imported before, "
        "or synthetic ones",
    )
    parser.add_argument("--state", type=Path, help="the folder that keeps the region between starts")
    parser.add_argument(
        "--tuning-jobs",
        type=_count,
        default=50,
        help="training jobs of the tuning job that a new region has; 0 for no tuning job (default 50)",
    )
    parser.add_argument(
        "--enforce-iam",
        action="store_true",
        help="allow each call by the policies of whose keys sign it; the keys sandbox/sandbox may do everything",
    )
    parser.add_argument("--json", action="store_true", help="say where it serves as one line of JSON")
    parser.add_argument(
        "--at-once", action="store_true", help="say where it serves before its first model is trained, not after"
    )
    parser.add_argument("--owned", action="store_true", help="end when the standard input is closed; implies --at-once")
    return parser


def _port(text: str) -> int:
    port = int(text) if text.isdecimal() else -1
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to 65535, not {text!r}")
    return port


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed <= FASTEST:
        raise argparse.ArgumentTypeError(f"a speed is a number above 0 and at most {FASTEST:,}, not {text!r}")
    return speed


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"a number of training jobs is 0 or more, not {text!r}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
