"""Formulas as text, such as "naoh + silicate + dye <= 5": read safely, evaluated on whole columns at once.

The grammar is Python's for arithmetic, comparisons and `and`, `or`, `not`, `in`, and the words "if A then B" and
"never A"; nothing else is accepted, so a campaign file from a stranger can do no more than arithmetic. Names that are
no identifiers stand in `backticks`.
Texts and numbers are told apart when it is read as far as the formula shows it, else when it meets its columns.
"""

from __future__ import annotations

import ast
import keyword
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from matloop.core.comparisons import Compared, comparisons
from matloop.core.errors import ExpressionError
from matloop.core.evaluation import ARITHMETIC, FUNCTIONS, Columns, calculate, evaluate
from matloop.core.linear import Linear, NotLinear, linear_parts

LONGEST = 2_000
#: Levels of a formula, brackets or terms of one sum: Python's stack has to hold twice as many.
DEEPEST = 200
_OF_SEVERAL = ("min", "max", "count")


@dataclass(frozen=True)
class Expression:
    """A formula that has been read; `names` are the variables it speaks of."""

    text: str
    tree: ast.expr
    names: frozenset[str]
    _written: Mapping[str, str] = field(repr=False, compare=False)

    def holds(self, columns: Columns) -> np.ndarray:
        """Whether it holds, for columns of shape (n,): boolean, (n,). No comparison with not-a-number holds.

        Raises ExpressionError where a column holds text and a number is needed.
        """
        result = evaluate(self.tree, columns, self._written)
        n = len(next(iter(columns.values()))) if columns else 1
        return np.broadcast_to(result, (n,))

    def values(self, columns: Columns) -> np.ndarray:
        """What it amounts to, for columns of shape (n,): floats, (n,). Raises ExpressionError as `holds` does."""
        n = len(next(iter(columns.values()))) if columns else 1
        return np.broadcast_to(calculate(self.tree, columns, self._written), (n,))

    @property
    def linear(self) -> tuple[Linear, ...] | None:
        """The same as linear (in)equalities, or None where it is not linear."""
        try:
            return tuple(linear_parts(self.tree, self._written))
        except NotLinear:
            return None

    @property
    def compared(self) -> Iterator[Compared]:
        """The plain comparisons of a variable with a constant that are found in it."""
        return comparisons(self.tree, self._written)


def parse(text: str) -> Expression:
    """Read a condition. Raises ExpressionError with what cannot be understood."""
    condition = _read(
        text, _reworded, 'write a comparison, such as "a + 2 * b <= 5"; names with spaces stand in `backticks`'
    )
    if not isinstance(condition.tree, ast.Compare | ast.BoolOp) and not _is_negation(condition.tree):
        raise ExpressionError(f"'{_short(text)}' compares nothing", 'a constraint needs <=, >=, == or in: "a + b <= 5"')
    return condition


def parse_amount(text: str) -> Expression:
    """Read a formula that amounts to a number, such as "2 + 0.5 * hours". Raises ExpressionError likewise."""
    return _read(text, str, 'write a sum, such as "2 + 0.5 * hours"; names with spaces stand in `backticks`')


def _read(text: str, reworded: Callable[[str], str], hint: str) -> Expression:
    if len(text) > LONGEST:
        raise ExpressionError(f"a formula of {len(text)} characters is too long", f"at most {LONGEST}")
    try:
        source, written = _unquote(reworded(text))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source.strip(), mode="eval").body
        names: set[str] = set()
        _check(tree, names, written)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ExpressionError(f"cannot read '{_short(text)}'", hint) from error
    return Expression(text, tree, frozenset(names), written)


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "…"


#: Texts stay as they are; names in backticks and words are looked at. Grouped as (text), (quoted name), (word).
_PIECES = re.compile(r"""('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")|`([^`]+)`|([^\W\d]\w*)""")
_KNOWN_WORDS = {"and", "or", "not", "in", "True", "False"}


def _unquote(text: str) -> tuple[str, dict[str, str]]:
    """Replace each `quoted name`, and each word that Python would read in its own way, by an identifier.

    Those are its keywords (a wavelength is called lambda) and words beyond ASCII (Python folds them to NFKC).
    """
    written: dict[str, str] = {}

    def replaced(match: re.Match[str]) -> str:
        literal, quoted, word = match.groups()
        if literal or (word and not _needs_placeholder(word)):
            return match.group()
        name = f"quoted_{len(written)}_"
        written[name] = quoted or word
        return name

    return _PIECES.sub(replaced, text), written


#: What follows "never" where that is the name of a variable.
_GOES_ON = re.compile(r"\s*(in\b|not\s+in\b|and\b|or\b|[-+*/%<>=!]|$)")


def _reworded(text: str) -> str:
    """The two ways to speak that Python has not: "if A then B", and "never A" for forbidden combinations."""
    words = [(found.group(3), *found.span()) for found in _PIECES.finditer(text) if found.group(3)]
    first, start, end = words[0] if words else ("", 0, 0)
    if text[:start].strip():
        return text
    if first == "never" and not _GOES_ON.match(text, end):
        return f"not {_whole(text[end:])}"
    thens = [span for word, *span in words if word == "then"]
    if first == "if" and len(thens) == 1:
        return f"(not {_whole(text[end : thens[0][0]])}) or {_whole(text[thens[0][1] :])}"
    return text


def _whole(part: str) -> str:
    """A part of a condition in brackets. Raises SyntaxError where it is no condition by itself."""
    ast.parse(_unquote(part)[0].strip(), mode="eval")
    return f"({part.strip()})"


def _needs_placeholder(word: str) -> bool:
    is_taken = keyword.iskeyword(word) and word not in _KNOWN_WORDS
    return is_taken or not word.isascii() or word.startswith("quoted_")


def _source(node: ast.expr, written: Mapping[str, str]) -> str:
    """The formula below this node as the user wrote it, for messages."""
    return _short(re.sub(r"quoted_\d+_", lambda match: written.get(match.group(), match.group()), ast.unparse(node)))


def _is_negation(node: ast.expr) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)


def _check(node: ast.expr, names: set[str], written: Mapping[str, str], depth: int = 0) -> None:
    """Collect the names of an allowed tree; raise ExpressionError at anything that is not allowed."""
    if depth > DEEPEST:
        raise ExpressionError("a formula is too deeply nested", f"at most {DEEPEST} terms or brackets")
    match node:
        case ast.Constant(value=bool() | int() | float() | str() as value):
            _check_constant(value)
            return
        case ast.Name(id=name):
            names.add(written.get(name, name))
            return
        case ast.BinOp(op=op) if type(op) in ARITHMETIC:
            children = [node.left, node.right]
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() | ast.Not()):
            children = [node.operand]
        case ast.Compare():
            children = _compared(node, written)
        case ast.BoolOp():
            children = node.values
        case ast.Call(func=ast.Name(id=name), keywords=[]) if name in FUNCTIONS:
            children = node.args
            if not children or (len(children) > 1 and name not in _OF_SEVERAL):
                raise ExpressionError(f"{name} takes one number" + (" or more" if name in _OF_SEVERAL else ""))
        case ast.Call(func=ast.Name(id=name)):
            raise ExpressionError(f"unknown function '{name}'", "known: " + ", ".join(FUNCTIONS))
        case _:
            raise ExpressionError(f"'{_source(node, written)}' is not allowed in a formula")
    if not isinstance(node, ast.Compare):
        _refuse_text(children)
    for child in children:
        _check(child, names, written, depth + 1)


def _check_constant(value: bool | int | float | str) -> None:
    if isinstance(value, int | float) and not abs(value) < 1e300:
        raise ExpressionError("a number in a formula is too large", "infinity needs no formula")


def _compared(node: ast.Compare, written: Mapping[str, str]) -> list[ast.expr]:
    """What a comparison compares; the options of `in` one by one."""
    children = [node.left]
    left: ast.expr = node.left
    for op, right in zip(node.ops, node.comparators, strict=True):
        if isinstance(op, ast.In | ast.NotIn):
            if not (isinstance(right, ast.Tuple | ast.List | ast.Set) and right.elts):
                raise ExpressionError(f"'in {_source(right, written)}' needs a list", "write: solvent in ['a', 'b']")
            children += right.elts
        else:
            if not isinstance(op, ast.Eq | ast.NotEq):
                _refuse_text([left, right])
            children.append(right)
        left = right
    return children


def _refuse_text(nodes: list[ast.expr]) -> None:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            raise ExpressionError(f"the text '{_short(node.value)}' can only be compared with ==, != and in")
