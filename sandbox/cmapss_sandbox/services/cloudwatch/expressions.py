"""Metric math as text: its syntax, read with Python's parser, checked, and evaluated over series."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from cmapss_sandbox.services.cloudwatch.functions import FUNCTIONS, WORDS, Scope
from cmapss_sandbox.services.cloudwatch.series import MetricSeries, Operand, Result, combine

_Operator = Callable[[float, float], float]

_ARITHMETIC: Mapping[type[ast.operator], _Operator] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_COMPARISONS: Mapping[type[ast.cmpop], _Operator] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_LOGIC: Mapping[type[ast.boolop], _Operator] = {
    ast.And: lambda one, other: bool(one) and bool(other),
    ast.Or: lambda one, other: bool(one) or bool(other),
}
# What AWS writes otherwise than Python does, or Python would take for something of its own.
_TOKEN = re.compile(
    r"'[^']*'|\"[^\"]*\"|[A-Za-z_]\w*|\^|\*\*|&&|\|\||\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+|.", re.ASCII | re.DOTALL
)
_SPELLED = {"^": "**", "&&": " and ", "||": " or ", "AND": " and ", "OR": " or "}
_ALLOWED = frozenset("+-*/^()[],<>=!. \t\n&|")
_ID_PREFIX = "_id_"  # an id may be a word that Python keeps for itself


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression that was read and checked, with the ids of the queries and the functions that it names."""

    text: str
    tree: ast.expr = field(repr=False)
    names: frozenset[str]
    functions: frozenset[str]


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """The expression; raises ValueError, saying what is wrong, when it is not one.

    Python's own parser reads it and nothing is ever evaluated but the nodes named in this module.
    """
    if text.lstrip()[:7].upper() == "SELECT ":
        raise ValueError("Metrics Insights queries are not offered by this region")
    try:
        tree = ast.parse("".join(_python(token) for token in _TOKEN.findall(text.strip())), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"Syntax error in expression '{text}'") from error
    try:
        _check(tree)
        names = frozenset(
            node.id.removeprefix(_ID_PREFIX)
            for node in ast.walk(tree)
            if isinstance(node, ast.Name) and node.id.startswith(_ID_PREFIX)
        )
    except RecursionError as error:
        raise ValueError("The expression is nested too deeply") from error
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    return Expression(text, tree, names, frozenset(called))


def evaluate(expression: Expression, scope: Scope) -> Result:
    """The expression's series, or array of series, from those that the scope has by name.

    Raises ValueError when the expression yields a plain number.
    """
    result = _value(expression.tree, scope)
    if isinstance(result, float):
        raise ValueError("The expression does not yield a time series")
    return result


def _value(node: ast.expr, scope: Scope) -> Operand:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name):
            return scope.series[name.removeprefix(_ID_PREFIX)]
        case ast.List(elts=items):
            return _array([_value(item, scope) for item in items])
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return combine(operator.mul, -1.0, _value(inner, scope))
        case ast.UnaryOp(operand=inner):
            return _value(inner, scope)
        case ast.BinOp(left=left, op=op, right=right):
            return combine(_ARITHMETIC[type(op)], _value(left, scope), _value(right, scope))
        case ast.Compare(left=left, ops=ops, comparators=others):
            result = _value(left, scope)
            for comparison, other in zip(ops, others, strict=True):
                result = combine(_COMPARISONS[type(comparison)], result, _value(other, scope))
            return result
        case ast.BoolOp(op=logic, values=values):
            result = _value(values[0], scope)
            for other in values[1:]:
                result = combine(_LOGIC[type(logic)], result, _value(other, scope))
            return result
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return FUNCTIONS[name].call(scope, [_argument(argument, scope) for argument in arguments])
    raise AssertionError(f"unchecked node {ast.dump(node)}")


def _argument(node: ast.expr, scope: Scope) -> Operand | str:
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.Name(id=name) if name in WORDS:
            return name
    return _value(node, scope)


def _array(items: Sequence[Operand]) -> list[MetricSeries]:
    series: list[MetricSeries] = []
    for item in items:
        if isinstance(item, float):
            raise ValueError("An array holds metrics only")
        series += item if isinstance(item, list) else [item]
    return series


def _python(token: str) -> str:
    if token in _SPELLED:
        return _SPELLED[token]
    if token[0] in "'\"":
        return repr(token[1:-1]) if len(token) > 1 else token
    if token[0].islower():
        return _ID_PREFIX + token
    if not (token.isascii() and (token[0].isalnum() or token[-1].isdigit())) and token not in _ALLOWED:
        raise ValueError(token)
    return token


def _check(node: ast.expr) -> None:
    match node:
        case ast.Constant(value=value) if type(value) in (int, float):
            return
        case ast.Name(id=name) if name.startswith(_ID_PREFIX):
            return
        case ast.List(elts=[_, *_] as items):
            _check_all(items)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            _check(operand)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            _check_all([left, right])
        case ast.Compare(left=left, ops=ops, comparators=others) if all(type(op) in _COMPARISONS for op in ops):
            _check_all([left, *others])
        case ast.BoolOp(values=values):
            _check_all(values)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            _check_call(name, arguments)
        case _:
            raise ValueError(f"Unsupported operand in expression '{ast.unparse(node).replace(_ID_PREFIX, '')}'")


def _check_all(nodes: Sequence[ast.expr]) -> None:
    for node in nodes:
        _check(node)


def _check_call(name: str, arguments: list[ast.expr]) -> None:
    function = FUNCTIONS.get(name)
    if function is None:
        raise ValueError(f"Unsupported function '{name.removeprefix(_ID_PREFIX)}'")
    fewest, most = function.arguments
    if not fewest <= len(arguments) <= most:
        wanted = str(most) if fewest == most else f"{fewest} to {most}"
        raise ValueError(f"{name} takes {wanted} argument{'' if most == 1 else 's'}")
    for argument in arguments:
        match argument:
            case ast.Constant(value=str()) if function.texts:
                continue
            case ast.Name(id=word) if word in function.words:
                continue
        _check(argument)
