"""Comparisons of a variable with a constant within a formula: they name options, and settings that matter."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import NamedTuple


class Compared(NamedTuple):
    """`name` stands beside `constant`; whether by == or != (or `in`), and whether the whole formula demands it."""

    name: str
    constant: str | float
    is_equality: bool
    is_demanded: bool


def comparisons(tree: ast.expr, written: Mapping[str, str]) -> Iterator[Compared]:
    """Every such comparison in a checked formula; in `count(a, b)` each variable stands beside 0."""
    demanded = set(_demanded(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            for name, constant, is_equality in _of(node):
                yield Compared(written.get(name, name), constant, is_equality, node in demanded)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "count":
            for child in node.args:
                if isinstance(child, ast.Name):
                    yield Compared(written.get(child.id, child.id), 0.0, True, False)


def _demanded(node: ast.expr) -> Iterator[ast.expr]:
    """The comparisons that all have to hold."""
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
        for child in node.values:
            yield from _demanded(child)
    else:
        yield node


def _of(node: ast.Compare) -> Iterator[tuple[str, str | float, bool]]:
    left: ast.expr = node.left
    for op, right in zip(node.ops, node.comparators, strict=True):
        is_equality = isinstance(op, ast.Eq | ast.NotEq | ast.In | ast.NotIn)
        listed = right.elts if isinstance(right, ast.Tuple | ast.List | ast.Set) else [right]
        for one, other in [(left, right) for right in listed] + [(right, left)]:
            constant = _constant(other)
            if isinstance(one, ast.Name) and constant is not None:
                yield one.id, constant, is_equality
        left = right


def _constant(node: ast.expr) -> str | float | None:
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return float(number)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return -float(number)
    return None
