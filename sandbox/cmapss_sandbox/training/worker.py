"""The process that trains: commands as JSON lines on its standard input, answers as JSON lines on its output.

    {"number": 1, "command": "train", "job": …, "hyperparameters": …, "channels": …, "artefact": PATH, "objective": …}
    {"number": 2, "command": "suggest", "strategy": …, "direction": …, "ranges": …, "trials": …, "seed": …,
     "parents": …, "launched": …}
    {"number": 3, "command": "channels", "data": PATH or null, "folder": PATH, "known": IDENTITY or null}
    {"command": "stop", "number": 1}

Every command is answered by one line with its number and either "done" or "failed"; a training sends its phases,
log lines and rounds before. Commands run one after another, only "stop" at once. The process ends when its input does.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal, TextIO

from cmapss_sandbox.training.channels import Channels
from cmapss_sandbox.training.hyperparameters import CustomerError

_NICE = 10


class Worker:
    """Runs commands one after another and writes what comes of them."""

    def __init__(self, output: TextIO) -> None:
        self._output = output
        self._channels = Channels()
        self._stopped: set[int] = set()
        self._commands: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "train": self._train,
            "suggest": self._suggest,
            "channels": self._write_channels,
        }

    def stop(self, number: int) -> None:
        """Let the training of that number end after its round; may be called from another thread."""
        self._stopped.add(number)

    def run(self, command: dict[str, Any]) -> None:
        """Run one command and answer it."""
        try:
            done = self._commands[command["command"]](command)
        except CustomerError as error:
            self._answer(command, failed=f"ClientError: {error}")
        except Exception as error:
            self._answer(command, failed=f"AlgorithmError: {type(error).__name__}: {error}")
        else:
            self._answer(command, done=done)

    def _train(self, command: dict[str, Any]) -> dict[str, Any]:
        from cmapss_sandbox.training.algorithm import Listener, Objective, train

        number, followed = command["number"], command.get("objective")
        listener = Listener(
            on_phase=lambda phase: self._answer(command, phase=phase),
            on_log=lambda line: self._answer(command, log=line),
            on_round=lambda done, of, metrics: self._answer(command, round=done, rounds=of, metrics=metrics),
            stop_asked=lambda: number in self._stopped,
        )
        objective = followed and Objective(
            followed["metric"],
            followed["lower_is_better"],
            {int(round_): value for round_, value in followed["thresholds"].items()},
            followed["most_rounds"],
        )
        artefact = Path(command["artefact"])
        outcome = train(command["hyperparameters"], command["channels"], artefact, self._channels, listener, objective)
        return asdict(outcome)

    def _suggest(self, command: dict[str, Any]) -> dict[str, Any]:
        from cmapss_sandbox.training.suggestions import suggestion

        return {"hyperparameters": suggestion(command)}

    def _write_channels(self, command: dict[str, Any]) -> dict[str, Any]:
        from cmapss_data import DataError, open_fleet

        try:
            fleet = open_fleet(Path(command["data"]) if command["data"] else None)
            # The real set is itself wherever it lies.
            identity = fleet.origin if fleet.origin == "nasa" else f"{fleet.origin}:{fleet.root}"
            if identity == command["known"]:
                return {"identity": identity, "origin": fleet.origin, "rows": None}
            folder = Path(command["folder"])
            splits: tuple[Literal["train", "validation"], ...] = ("train", "validation")
            rows = {split: fleet.write_channel(split, folder / f"{split}.csv") for split in splits}
        except DataError as error:
            return {"problem": str(error)}
        return {"identity": identity, "origin": fleet.origin, "rows": rows}

    def _answer(self, command: dict[str, Any], **answer: Any) -> None:
        self._output.write(json.dumps({"number": command["number"], **answer}) + "\n")
        self._output.flush()


def main() -> None:
    """Serve commands until the standard input ends, then end at once, whatever is being trained."""
    # An interrupt at the terminal is for the region, which then closes this process's input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(_NICE)
    # Libraries that print would otherwise write between the answers.
    output, sys.stdout = sys.stdout, sys.stderr
    worker = Worker(output)
    commands: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()

    def read() -> None:
        for line in sys.stdin:
            command = json.loads(line)
            if command["command"] == "stop":
                worker.stop(command["number"])
            else:
                commands.put(command)
        os._exit(0)

    threading.Thread(target=read, name="commands", daemon=True).start()
    while True:
        worker.run(commands.get())


if __name__ == "__main__":
    main()
