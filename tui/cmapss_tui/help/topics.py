"""What is the same everywhere, told once: topics of the help, each on a page of its own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Topic:
    """A page: `entries` are pairs of what is explained and the explanation; one without the first is a paragraph."""

    key: str
    title: str
    entries: tuple[tuple[str, str], ...]


TOPICS: tuple[Topic, ...] = (
    Topic(
        "filters",
        "Filters",
        (
            ("", "A filter narrows a list down while it is typed. All of its conditions have to hold."),
            ("word", "Any column has it; case does not matter."),
            ('"two words"', "With the space between them."),
            ("/037$|046$/", "A regular expression, between slashes."),
            ("!word", "Not: in front of any condition."),
            ("status:failed", "The column of that name has it. A misspelt name is told, with the one that was meant."),
            ("rmse<46", "A number is compared: < <= > >= = !="),
            ("took>5m", "So are durations: 90s 5m 1h30m"),
            ("created>=2026-11-22", "And days and moments, in the region's time, UTC."),
            ("failed | stopped", "One of the alternatives has to hold."),
        ),
    ),
    Topic(
        "time",
        "Time",
        (
            (
                "region time",
                "Every time is the region's, in UTC, taken from AWS's own answers: a wrong clock on this "
                "machine does no harm. ×60 in the first line: a sandbox whose time runs 60 times as fast.",
            ),
            ("● live 2s ago", "What you see was true two seconds ago, in seconds of this machine."),
            ("▲ stale", "It should have been renewed by now, and the figures are dim."),
            ("‖ paused", "You stopped the reading. Refresh reads once all the same."),
            ("✕ …", "The last reading failed: what is shown is from before, and a banner says why."),
            (
                "cadence",
                "Fast while something changes, slow while nothing does, not at all for what is hidden, and less "
                "when nobody is there. The budget of calls a minute is kept to.",
            ),
            ("CloudWatch", "Its metrics are a minute or two late, at AWS as in the sandbox."),
        ),
    ),
    Topic(
        "plans",
        "Plans",
        (
            ("", "Whatever changes AWS is a plan first: the steps with their exact calls, what each undoes, the cost."),
            ("checks", "✓ well, ⚠ to be known, ✕ forbids it. They are read from AWS, and change nothing."),
            (
                "carrying out",
                "Each step is sent, and then read back until it is true. Leaving the screen stops nothing.",
            ),
            (
                "journal",
                "Each step is on disk before it is sent. After a crash, or kill -9, the operation is open: it "
                "can be resumed where it stood, or rolled back.",
            ),
            ("resume", "Looks at AWS first: what was done already is not done twice."),
            ("roll back", "Undoes what was done, newest first."),
            (
                "verbs",
                "cmapss-console deploy, scale, delete … make the same plans without a screen; --dry-run prints "
                "them, --yes carries them out.",
            ),
        ),
    ),
    Topic(
        "safety",
        "Safety",
        (
            (
                "changes",
                "What changes AWS asks first, with its plan or with a question, and so does traffic. Its keys are "
                "uppercase, so that none is pressed by the way; not every uppercase key changes something.",
            ),
            (
                "Cancel",
                "It has the focus when a dialog opens that changes AWS, and Back where invocations would be sent. "
                "Where a name is asked for, what is typed goes there all the same.",
            ),
            (
                "the name",
                "What cannot be undone wants the name typed; Enter then goes to the button, and another one presses "
                "it. So does every change of a protected endpoint.",
            ),
            ("READ-ONLY", "--read-only refuses whatever would change something, here and in every verb."),
            ("PRODUCTION", "Profiles and accounts that the configuration names as such tint the first line."),
            ("quitting", "While an operation runs, leaving is asked twice; the journal keeps where it stands."),
            ("^c", "Copies what is selected and ends nothing; with nothing selected it says which key leaves."),
            ("secrets", "Neither reports nor exports nor the list of errors hold keys, tokens or payloads."),
        ),
    ),
    Topic(
        "sandbox",
        "Sandbox",
        (
            (
                "",
                "An AWS region on this machine, for trying everything. Nothing in it costs money, and nothing of it "
                "leaves this machine.",
            ),
            (
                "real",
                "Its training jobs really train, its endpoints really predict, and scaling follows from the load.",
            ),
            ("time", "Runs 60 times as fast: what takes ten minutes at AWS takes ten seconds."),
            (
                "data",
                "Made to look like NASA's C-MAPSS, unless the real files were imported: cmapss-console data import. "
                "Errors on made data compare with no published ones, and everything says so.",
            ),
            (
                "without credentials",
                "The console opens it by itself, and ends it when it is left. cmapss-console "
                "sandbox starts one that stays, for scripts and notebooks as well.",
            ),
            ("faults", "cmapss-console sandbox can be told to throttle, deny or hang, to see what then happens."),
        ),
    ),
    Topic(
        "taking",
        "Take away",
        (
            (
                "copy",
                "Goes to the terminal's clipboard (OSC 52) and to this machine's. Over ssh the terminal's is the one "
                "in front of you. tmux hands it on where set-clipboard is on. A terminal takes 74 kB at most.",
            ),
            (
                "export",
                "A table as CSV or JSON, with every row that the filter lets through; columns are AWS's nouns in "
                "snake_case, as --json has them; times are ISO 8601 in UTC. The screen as it looks, as SVG or as text.",
            ),
            (
                "files",
                "Are readable by you alone, and replace none without asking. Where they go can be set: "
                "export_directory.",
            ),
            (
                "spreadsheets",
                "Nothing in a CSV is altered. Texts that begin as formulas do are counted when it is "
                "written: import them as text.",
            ),
            ("faults", "If the console itself fails, it writes a report without secrets, and offers to start again."),
        ),
    ),
)


def topic(key: str) -> Topic:
    """The topic of that key. Raises KeyError."""
    return next((one for one in TOPICS if one.key == key), None) or _unknown(key)


def _unknown(key: str) -> Topic:
    raise KeyError(key)
