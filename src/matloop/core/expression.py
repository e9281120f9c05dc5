"""Formulas as text, such as "naoh + silicate + dye <= 5": read safely, evaluated on whole columns at once.

The grammar is Python's for arithmetic, comparisons and `and`, `or`, `not`, `in`; nothing else is accepted, so a
campaign file from a stranger can do no more than arithmetic. Names that are no identifiers stand in `backticks`.
"""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from matloop.core.errors import ExpressionError

Columns = Mapping[str, np.ndarray]

#: Relative slack of a comparison: a grid point such as 0.1 + 0.2 must satisfy "<= 0.3".
TOLERANCE = 1e-9
LONGEST = 2_000

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": np.abs,
    "min": lambda *a: np.minimum.reduce(np.broadcast_arrays(*a)),
    "max": lambda *a: np.maximum.reduce(np.broadcast_arrays(*a)),
    "sqrt": np.sqrt,
    "exp": np.exp,
    "log": np.log,
    "log10": np.log10,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
}
_ARITHMETIC: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Mod: np.mod,
    ast.Pow: np.power,
}


@dataclass(frozen=True)
class Linear:
    """The inequality or equality  Σ coefficients·x  (<= or ==)  bound."""

    coefficients: Mapping[str, float]
    bound: float
    is_equality: bool


@dataclass(frozen=True)
class Expression:
    """A formula that has been read; `names` are the variables it speaks of."""

    text: str
    tree: ast.expr
    names: frozenset[str]
    _written: Mapping[str, str] = field(repr=False, compare=False)

    def holds(self, columns: Columns) -> np.ndarray:
        """Whether it holds, for columns of shape (n,): boolean, (n,). Not-a-number never holds."""
        with np.errstate(all="ignore"):
            result = np.asarray(_evaluate(self.tree, columns, self._written))
        n = len(next(iter(columns.values()))) if columns else 1
        return np.broadcast_to(result.astype(bool), (n,))

    @property
    def linear(self) -> tuple[Linear, ...] | None:
        """The same as linear (in)equalities, or None where it is not linear."""
        try:
            return tuple(_linear_parts(self.tree, self._written))
        except _NotLinear:
            return None


def parse(text: str) -> Expression:
    """Read a condition. Raises ExpressionError with what cannot be understood."""
    if len(text) > LONGEST:
        raise ExpressionError(f"a constraint of {len(text)} characters is too long", f"at most {LONGEST}")
    source, written = _unquote(text)
    try:
        tree = ast.parse(source.strip(), mode="eval").body
        names: set[str] = set()
        _check(tree, names, written)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ExpressionError(
            f"cannot read the constraint '{_short(text)}'",
            'write a comparison, such as "a + 2 * b <= 5"; names with spaces stand in `backticks`',
        ) from error
    if not isinstance(tree, ast.Compare | ast.BoolOp) and not _is_negation(tree):
        raise ExpressionError(f"'{_short(text)}' compares nothing", 'a constraint needs <=, >=, == or in: "a + b <= 5"')
    return Expression(text, tree, frozenset(names), written)


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "…"


def _unquote(text: str) -> tuple[str, dict[str, str]]:
    """Replace each `quoted name` by an identifier; Python also folds identifiers to NFKC, so remember both."""
    written: dict[str, str] = {}

    def placeholder(match: re.Match[str]) -> str:
        name = f"quoted_{len(written)}_"
        written[name] = match.group(1)
        return name

    source = re.sub(r"`([^`]+)`", placeholder, text)
    for word in set(re.findall(r"[^\W\d]\w*", source)):
        written.setdefault(unicodedata.normalize("NFKC", word), word)
    return source, written


def _is_negation(node: ast.expr) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)


def _check(node: ast.expr, names: set[str], written: Mapping[str, str]) -> None:
    """Collect the names of an allowed tree; raise ExpressionError at anything that is not allowed."""
    match node:
        case ast.Constant(value=bool() | int() | float() | str()):
            return
        case ast.Name(id=name):
            names.add(written.get(name, name))
            return
        case ast.BinOp(op=op) if type(op) in _ARITHMETIC:
            children = [node.left, node.right]
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() | ast.Not()):
            children = [node.operand]
        case ast.Compare():
            children = [node.left, *node.comparators]
        case ast.BoolOp():
            children = node.values
        case ast.Tuple() | ast.List() | ast.Set():
            children = node.elts
        case ast.Call(func=ast.Name(id=name), keywords=[]) if name in FUNCTIONS and node.args:
            children = node.args
        case ast.Call(func=ast.Name(id=name)):
            raise ExpressionError(f"unknown function '{name}'", "known: " + ", ".join(FUNCTIONS))
        case _:
            raise ExpressionError(f"'{_short(ast.unparse(node))}' is not allowed in a constraint")
    for child in children:
        _check(child, names, written)


def _evaluate(node: ast.expr, columns: Columns, written: Mapping[str, str]) -> Any:
    def value(child: ast.expr) -> Any:
        return _evaluate(child, columns, written)

    match node:
        case ast.Constant(value=constant):
            return float(constant) if isinstance(constant, int | float) and not isinstance(constant, bool) else constant
        case ast.Name(id=name):
            return columns[written.get(name, name)]
        case ast.BinOp():
            return _ARITHMETIC[type(node.op)](value(node.left), value(node.right))
        case ast.UnaryOp(op=ast.Not()):
            return np.logical_not(value(node.operand))
        case ast.UnaryOp(op=op):
            return -value(node.operand) if isinstance(op, ast.USub) else value(node.operand)
        case ast.BoolOp():
            combine = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
            return combine.reduce([value(child) for child in node.values])
        case ast.Call(func=ast.Name(id=name)):
            return FUNCTIONS[name](*[value(child) for child in node.args])
        case ast.Compare():
            return _compare(node, columns, written)
    raise ExpressionError(f"'{ast.unparse(node)}' stands where a number is needed")


def _compare(node: ast.Compare, columns: Columns, written: Mapping[str, str]) -> Any:
    held: Any = True
    left: ast.expr = node.left
    for op, right in zip(node.ops, node.comparators, strict=True):
        a = _evaluate(left, columns, written)
        if isinstance(op, ast.In | ast.NotIn):
            options = right.elts if isinstance(right, ast.Tuple | ast.List | ast.Set) else [right]
            among = np.logical_or.reduce([a == _evaluate(o, columns, written) for o in options])
            one = among if isinstance(op, ast.In) else np.logical_not(among)
        else:
            one = _comparison(op, a, _evaluate(right, columns, written))
        held = np.logical_and(held, one)
        left = right
    return held


def _comparison(op: ast.cmpop, a: Any, b: Any) -> Any:
    if not (_is_number(a) and _is_number(b)):
        if isinstance(op, ast.Eq | ast.NotEq):
            equal = np.asarray(a == b)
            return equal if isinstance(op, ast.Eq) else ~equal
        raise ExpressionError("text can only be compared with == and in")
    slack = TOLERANCE * np.maximum(1.0, np.maximum(np.abs(a), np.abs(b)))
    match op:
        case ast.LtE():
            return a <= b + slack
        case ast.GtE():
            return a >= b - slack
        case ast.Lt():
            return a < b - slack
        case ast.Gt():
            return a > b + slack
        case ast.Eq():
            return np.abs(a - b) <= slack
        case ast.NotEq():
            return np.abs(a - b) > slack
    raise ExpressionError("only <=, >=, <, >, ==, != and in compare")


def _is_number(value: Any) -> bool:
    return np.asarray(value).dtype.kind in "fiub"


class _NotLinear(Exception):
    pass


def _linear_parts(node: ast.expr, written: Mapping[str, str]) -> list[Linear]:
    """`and` and chained comparisons of linear terms give several rows; everything else is not linear."""
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
        return [row for child in node.values for row in _linear_parts(child, written)]
    if not isinstance(node, ast.Compare):
        raise _NotLinear
    rows: list[Linear] = []
    left: ast.expr = node.left
    for op, right in zip(node.ops, node.comparators, strict=True):
        if not isinstance(op, ast.LtE | ast.GtE | ast.Lt | ast.Gt | ast.Eq):
            raise _NotLinear
        sign = -1.0 if isinstance(op, ast.GtE | ast.Gt) else 1.0
        low, high = _terms(left, written), _terms(right, written)
        difference = {k: sign * (low.get(k, 0.0) - high.get(k, 0.0)) for k in {*low, *high}}
        bound = -difference.pop("", 0.0)
        coefficients = {k: v for k, v in sorted(difference.items()) if v}
        rows.append(Linear(coefficients, bound, isinstance(op, ast.Eq)))
        left = right
    return rows


def _terms(node: ast.expr, written: Mapping[str, str]) -> dict[str, float]:
    """The coefficients of a linear term; the constant stands under the empty name."""
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return {"": float(number)}
        case ast.Name(id=name):
            return {written.get(name, name): 1.0}
        case ast.UnaryOp(op=ast.USub()):
            return {k: -v for k, v in _terms(node.operand, written).items()}
        case ast.UnaryOp(op=ast.UAdd()):
            return _terms(node.operand, written)
        case ast.BinOp(op=ast.Add() | ast.Sub() as op):
            left, right = _terms(node.left, written), _terms(node.right, written)
            sign = 1.0 if isinstance(op, ast.Add) else -1.0
            return {k: left.get(k, 0.0) + sign * right.get(k, 0.0) for k in {*left, *right}}
        case ast.BinOp(op=ast.Mult()):
            return _product(_terms(node.left, written), _terms(node.right, written))
        case ast.BinOp(op=ast.Div()):
            divisor = _terms(node.right, written)
            if set(divisor) != {""} or not divisor[""]:
                raise _NotLinear
            return {k: v / divisor[""] for k, v in _terms(node.left, written).items()}
    raise _NotLinear


def _product(left: dict[str, float], right: dict[str, float]) -> dict[str, float]:
    if set(left) == {""}:
        left, right = right, left
    if set(right) != {""}:
        raise _NotLinear
    return {k: v * right[""] for k, v in left.items()}
