"""Metric math, as far as dashboards use it: + − × ÷ with ids and numbers, and a few functions."""

from __future__ import annotations

import ast
import itertools
import math
import operator
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Points = Mapping[int, float]  # Unix time to value


@dataclass(frozen=True, slots=True)
class MetricSeries:
    """The points of a metric or an expression, with the period (seconds) they were made for."""

    period: int
    points: Points


MAXIMUM_POINTS = 100_800  # in one answer of GetMetricData

Operand = float | MetricSeries

_OPERATORS: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_ELEMENTWISE: Mapping[str, Callable[[float], float]] = {"ABS": abs, "CEIL": math.ceil, "FLOOR": math.floor}
# Of one metric the sum, average… of its points; of an array of metrics that of each moment.
_ACROSS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "SUM": math.fsum,
    "AVG": statistics.fmean,
    "MIN": min,
    "MAX": max,
}


def parse(text: str) -> ast.expr:
    """The expression's syntax tree; raises ValueError, saying what is wrong, when it is not one.

    Python's own parser reads it and nothing is ever evaluated but the nodes named in this module.
    """
    # AWS writes × as * and ^ for a power, which Python spells **.
    try:
        tree = ast.parse(text.strip().replace("^", "**"), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"Syntax error in expression '{text}'") from error
    try:
        _check(tree)
    except RecursionError as error:
        raise ValueError("The expression is nested too deeply") from error
    return tree


def names(tree: ast.expr) -> frozenset[str]:
    """The ids of the queries that the expression needs."""
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return frozenset(
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and id(node) not in called and node.id not in ("REPEAT", "LINEAR")
    )


def evaluate(tree: ast.expr, series: Mapping[str, MetricSeries], start: int, end: int) -> MetricSeries:
    """The expression's points from those of the queries it names, for times in [start, end).

    Two series meet where both have a point; a point that divides by zero is left out, as in CloudWatch.
    Raises ValueError when the expression yields a plain number.
    """
    result = _Evaluation(series, start, end).value(tree)
    if not isinstance(result, MetricSeries):
        raise ValueError("the expression does not yield a time series")
    return result


@dataclass(frozen=True, slots=True)
class _Evaluation:
    series: Mapping[str, MetricSeries]
    start: int
    end: int

    def value(self, node: ast.expr) -> Operand:
        match node:
            case ast.Constant(value=int() | float() as number):
                return float(number)
            case ast.Name(id=name):
                return self.series[name]
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return _combine(operator.mul, [-1.0, self.value(inner)])
            case ast.UnaryOp(operand=inner):
                return self.value(inner)
            case ast.BinOp(left=left, op=op, right=right):
                return _combine(_OPERATORS[type(op)], [self.value(left), self.value(right)])
            case ast.Call(func=ast.Name(id=function), args=arguments):
                return self._call(function, arguments)
        raise AssertionError(f"unchecked node {ast.dump(node)}")

    def _call(self, function: str, arguments: list[ast.expr]) -> Operand:
        if isinstance(arguments[0], ast.List):
            return _across(_ACROSS[function], [self.value(item) for item in arguments[0].elts])
        subject = self.value(arguments[0])
        if function in _ELEMENTWISE:
            return _combine(_ELEMENTWISE[function], [subject])
        if not isinstance(subject, MetricSeries):
            raise ValueError(f"{function} needs a metric")
        if function == "PERIOD":
            return float(subject.period)
        if function in _ACROSS:
            return _ACROSS[function](list(subject.points.values()) or [0.0])
        return self._fill(subject, arguments[1])

    def _fill(self, subject: MetricSeries, filler: ast.expr) -> MetricSeries:
        first = self.start // subject.period * subject.period
        times = range(first, self.end, subject.period)
        if len(times) > MAXIMUM_POINTS:
            raise ValueError(f"FILL would make more than {MAXIMUM_POINTS} data points")
        if isinstance(filler, ast.Name) and filler.id in ("REPEAT", "LINEAR"):
            interpolate = _repeated if filler.id == "REPEAT" else _interpolated
            return MetricSeries(subject.period, interpolate(subject.points, times))
        value = self.value(filler)
        replacements = value.points if isinstance(value, MetricSeries) else dict.fromkeys(times, value)
        return MetricSeries(subject.period, {**replacements, **subject.points})


def _combine(function: Callable[..., float], operands: Sequence[Operand]) -> Operand:
    several = [operand for operand in operands if isinstance(operand, MetricSeries)]
    if not several:
        result = _finite(function, operands)
        if result is None:
            raise ValueError("the expression divides by zero")
        return result
    times = sorted(set.intersection(*(set(operand.points) for operand in several)))
    points = {}
    for time in times:
        values = [op.points[time] if isinstance(op, MetricSeries) else op for op in operands]
        if (value := _finite(function, values)) is not None:
            points[time] = value
    return MetricSeries(max(operand.period for operand in several), points)


def _across(function: Callable[[Sequence[float]], float], operands: Sequence[Operand]) -> MetricSeries:
    several = [operand for operand in operands if isinstance(operand, MetricSeries)]
    if len(several) < len(operands):
        raise ValueError("an array holds metrics only")
    times = sorted(set().union(*(operand.points for operand in several)))
    points = {time: function([op.points[time] for op in several if time in op.points]) for time in times}
    return MetricSeries(max(operand.period for operand in several), points)


def _finite(function: Callable[..., float], values: Sequence[object]) -> float | None:
    try:
        value = function(*values)
    except (ArithmeticError, ValueError):
        return None
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _repeated(points: Points, times: range) -> Points:
    filled: dict[int, float] = {}
    last: float | None = None
    for time in times:
        last = points.get(time, last)
        if last is not None:
            filled[time] = last
    return filled


def _interpolated(points: Points, times: range) -> Points:
    known = sorted(points)
    filled = dict(points)
    for before, after in itertools.pairwise(known):
        slope = (points[after] - points[before]) / (after - before)
        for time in times[times.index(before) + 1 : times.index(after)]:
            filled[time] = points[before] + slope * (time - before)
    return filled


def _check(node: ast.expr) -> None:
    match node:
        case ast.Constant(value=value) if type(value) in (int, float):
            return
        case ast.Name():
            return
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            _check(operand)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            _check(left)
            _check(right)
        case ast.Call(func=ast.Name(id=function), args=arguments, keywords=[]):
            _check_call(function, arguments)
        case _:
            raise ValueError(f"Unsupported operand in expression '{ast.unparse(node)}'")


def _check_call(function: str, arguments: list[ast.expr]) -> None:
    if function in _ACROSS and len(arguments) == 1 and isinstance(arguments[0], ast.List):
        arguments = arguments[0].elts
        wanted = max(len(arguments), 1)  # an empty array is refused below
    elif function in _ACROSS or function in _ELEMENTWISE or function == "PERIOD":
        wanted = 1
    elif function == "FILL":
        wanted = 2
    else:
        raise ValueError(f"Unsupported function '{function}'")
    if len(arguments) != wanted:
        raise ValueError(f"{function} takes {wanted} argument{'s' if wanted > 1 else ''}")
    for argument in arguments:
        _check(argument)
