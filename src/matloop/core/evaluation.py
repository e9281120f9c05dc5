"""The values of formulas: a checked tree and whole columns in, a column out."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import numpy as np

from matloop.core.errors import ExpressionError

Columns = Mapping[str, np.ndarray]

#: Slack of a comparison, relative to the size of its terms: a grid point such as 0.1 + 0.2 must satisfy "<= 0.3".
TOLERANCE = 1e-9

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": np.abs,
    "min": lambda *a: np.minimum.reduce(np.broadcast_arrays(*a)),
    "max": lambda *a: np.maximum.reduce(np.broadcast_arrays(*a)),
    "count": lambda *a: np.add.reduce([x != 0 for x in np.broadcast_arrays(*a)], dtype=float),
    "sqrt": np.sqrt,
    "exp": np.exp,
    "log": np.log,
    "log10": np.log10,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
}
ARITHMETIC: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Mod: np.mod,
    ast.Pow: np.power,
}


def evaluate(tree: ast.expr, columns: Columns, written: Mapping[str, str]) -> np.ndarray:
    """The value of a checked condition, boolean, for columns of shape (n,); scalar where it speaks of none.

    `written` gives a name in the tree as its column has it. Raises ExpressionError where a column holds text and a
    number is needed.
    """
    with np.errstate(all="ignore"):
        return _Evaluation(columns, written).condition(tree)


def calculate(tree: ast.expr, columns: Columns, written: Mapping[str, str]) -> np.ndarray:
    """The value of a checked formula as floats, in the shape and with the errors of `evaluate`."""
    with np.errstate(all="ignore"):
        return _Evaluation(columns, written).number(tree)


class _Evaluation:
    """One walk through a tree: each part is evaluated once, however many others need it."""

    def __init__(self, columns: Columns, written: Mapping[str, str]) -> None:
        self._columns = columns
        self._written = written
        self._known: dict[ast.expr, Any] = {}

    def value(self, node: ast.expr) -> Any:
        if node not in self._known:
            self._known[node] = self._value(node)
        return self._known[node]

    def condition(self, node: ast.expr) -> np.ndarray:
        return self._numeric(node).astype(bool)

    def number(self, node: ast.expr) -> np.ndarray:
        """As floats: a condition counts 0 or 1, so that "(a > 0) + (b > 0) <= 1" allows one of the two."""
        return self._numeric(node).astype(float)

    def _numeric(self, node: ast.expr) -> np.ndarray:
        value = np.asarray(self.value(node))
        if not _is_numeric(value):
            raise ExpressionError("text can only be compared with ==, != and in")
        return value

    def _value(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=constant):
                return constant
            case ast.Name(id=name):
                return _natural(self._columns[self._written.get(name, name)])
            case ast.BinOp():
                return ARITHMETIC[type(node.op)](self.number(node.left), self.number(node.right))
            case ast.UnaryOp(op=ast.Not()):
                return ~self.condition(node.operand)
            case ast.UnaryOp(op=op):
                return -self.number(node.operand) if isinstance(op, ast.USub) else self.number(node.operand)
            case ast.BoolOp():
                combine = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
                return reduce(combine, [self.condition(child) for child in node.values])
            case ast.Call(func=ast.Name(id=name)):
                return FUNCTIONS[name](*[self.number(child) for child in node.args])
            case ast.Compare():
                lefts = [node.left, *node.comparators]
                held = [self._one(op, a, b) for a, op, b in zip(lefts, node.ops, node.comparators, strict=False)]
                return reduce(np.logical_and, held)
        raise AssertionError(f"the check of formulas let {type(node).__name__} pass")

    def _one(self, op: ast.cmpop, left: ast.expr, right: ast.expr) -> np.ndarray:
        if isinstance(op, ast.In | ast.NotIn):
            options = right.elts if isinstance(right, ast.Tuple | ast.List | ast.Set) else []
            among = reduce(np.logical_or, [self._one(ast.Eq(), left, option) for option in options])
            return among if isinstance(op, ast.In) else ~among
        a, b = self.value(left), self.value(right)
        if isinstance(op, ast.Eq | ast.NotEq) and not (_is_numeric(a) and _is_numeric(b)):
            equal = np.asarray(a == b, bool)
            return equal if isinstance(op, ast.Eq) else ~equal
        slack = TOLERANCE * np.maximum(_finite(self._size(left)), _finite(self._size(right)))
        return _comparison(op, self.number(left), self.number(right), slack)

    def _size(self, node: ast.expr) -> np.ndarray:
        """How large the terms of a formula are, from which its rounding error follows: |a| + |b| for a - b."""
        match node:
            case ast.BinOp(op=ast.Add() | ast.Sub()):
                return self._size(node.left) + self._size(node.right)
            case ast.BinOp(op=ast.Mult()):
                return self._size(node.left) * self._size(node.right)
            case ast.BinOp(op=ast.Div()):
                return self._size(node.left) / np.abs(self.number(node.right))
            case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
                return self._size(node.operand)
            case ast.Call(func=ast.Name(id="abs" | "min" | "max")):
                return reduce(np.maximum, [self._size(child) for child in node.args])
        return np.abs(self.number(node))


def _comparison(op: ast.cmpop, a: np.ndarray, b: np.ndarray, slack: np.ndarray) -> np.ndarray:
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
        case _:
            return np.abs(a - b) > slack


def _natural(column: np.ndarray) -> np.ndarray:
    """A column of objects that are all numbers or all yes/no, as the options of a choice may be, as such."""
    if column.dtype != object or not all(isinstance(cell, int | float | np.number | np.bool_) for cell in column):
        return column
    return np.array(column.tolist())


def _is_numeric(value: Any) -> bool:
    return np.asarray(value).dtype.kind in "fiub"


def _finite(size: np.ndarray) -> np.ndarray:
    """An infinite size, from a division by zero, gives no slack."""
    return np.where(np.isfinite(size), size, 0.0)
