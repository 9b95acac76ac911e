"""The one error of the data layer."""

from __future__ import annotations


class DataError(Exception):
    """What is wrong with a file or a set of files, on one line that ends with the way out.

    `problem` names the thing and what was found and expected; `remedy` is a sentence that says what to do.
    """

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem.rstrip('.')}. {remedy}")
        self.problem = problem
        self.remedy = remedy
