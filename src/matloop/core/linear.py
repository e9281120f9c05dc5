"""Formulas that are linear, as rows of coefficients."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Linear:
    """The inequality or equality  Σ coefficients·x  (<= or ==)  bound."""

    coefficients: Mapping[str, float]
    bound: float
    is_equality: bool


class NotLinear(Exception):
    """A formula that is no linear (in)equality."""


def linear_parts(node: ast.expr, written: Mapping[str, str]) -> list[Linear]:
    """`and` and chained comparisons of linear terms give several rows; everything else is not linear."""
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
        return [row for child in node.values for row in linear_parts(child, written)]
    if not isinstance(node, ast.Compare):
        raise NotLinear
    rows: list[Linear] = []
    left: ast.expr = node.left
    for op, right in zip(node.ops, node.comparators, strict=True):
        if not isinstance(op, ast.LtE | ast.GtE | ast.Lt | ast.Gt | ast.Eq):
            raise NotLinear
        sign = -1.0 if isinstance(op, ast.GtE | ast.Gt) else 1.0
        low, high = _terms(left, written), _terms(right, written)
        difference = {k: sign * (low.get(k, 0.0) - high.get(k, 0.0)) for k in {*low, *high}}
        bound = 0.0 - difference.pop("", 0.0)
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
                raise NotLinear
            return {k: v / divisor[""] for k, v in _terms(node.left, written).items()}
    raise NotLinear


def _product(left: dict[str, float], right: dict[str, float]) -> dict[str, float]:
    if set(left) == {""}:
        left, right = right, left
    if set(right) != {""}:
        raise NotLinear
    return {k: v * right[""] for k, v in left.items()}
