"""Chemical formulas: which elements in which amounts, read fast and refused clearly."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from matloop.core.errors import InputError, did_you_mean

#: The 118 elements in the order of their atomic numbers.
SYMBOLS = tuple(
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr Nb "
    "Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au "
    "Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts "
    "Og".split()
)
#: The column of each element in a fraction matrix; deuterium and tritium are hydrogen.
COLUMN = {symbol: i for i, symbol in enumerate(SYMBOLS)} | {"D": 0, "T": 0}

_NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_PART = re.compile(rf"([A-Z][a-z]?)({_NUMBER})?")
_FLAT = re.compile(rf"(?:[A-Z][a-z]?(?:{_NUMBER})?)+\Z")
_TOKEN = re.compile(rf"([A-Z][a-z]?)|([(\[{{])|([)\]}}])|({_NUMBER})")
_CHARGE = re.compile(r"(?:\^\{?\d*[+-]?\}?|(?<=[A-Za-z)\]}])[+-]+)\Z")
_HYDRATE = re.compile(rf"\s*[·•*⋅]\s*({_NUMBER})?\s*")
_DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d)")
_PLAIN = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789", " \t_")
_LONGEST, _DEEPEST = 500, 20
#: Elements with their amounts, and round brackets with what multiplies them; any other letter is a token of its own.
_SIMPLE = re.compile(r"[A-Z][a-z]?[0-9.]*|\)[0-9.]*|[^A-Z)]")
_CHUNK = 20_000
_SMALL = 1e-100  # amounts far from it can be multiplied and summed without a thought


class FormulaError(InputError):
    """A text that is no chemical formula."""


def parse_formula(formula: str) -> dict[str, float]:
    """The amount of each element: 'Ca(OH)2' -> {'Ca': 1, 'O': 2, 'H': 2}.

    Takes nested brackets, decimal amounts, also with a comma ('Li0,5CoO2'), subscripts, hydrates ('CuSO4·5H2O') and a
    charge at the end ('SO4^2-'), which is left aside. Raises FormulaError for an unknown element, unbalanced brackets,
    or no element in a positive amount.
    """
    if not isinstance(formula, str):
        raise _refused(formula, "is no text")
    text = formula.translate(_PLAIN)
    if not text or len(text) > _LONGEST:
        raise _refused(formula, "is empty" if not text else f"is longer than {_LONGEST} letters")
    amounts = _flat(text)
    if amounts is None and "," in text:
        text = _DECIMAL_COMMA.sub(".", text)
        amounts = _flat(text)
    if amounts is None:
        amounts = {}
        for part, factor in _hydrate_parts(_CHARGE.sub("", text), formula):
            for symbol, amount in _nested(part, formula).items():
                amounts[symbol] = amounts.get(symbol, 0.0) + factor * amount
    amounts = {symbol: amount for symbol, amount in amounts.items() if amount > 0}
    if not amounts:
        raise _refused(formula, "names no element in a positive amount")
    if not math.isfinite(sum(amounts.values())):
        raise _refused(formula, "has amounts beyond all numbers")
    return amounts


def _flat(text: str) -> dict[str, float] | None:
    """Formulas without brackets, which nearly all are, in one pass; None for any other text."""
    if not _FLAT.match(text):
        return None
    amounts: dict[str, float] = {}
    for symbol, amount in _PART.findall(text):
        if symbol not in COLUMN:
            return None
        amounts[symbol] = amounts.get(symbol, 0.0) + (float(amount) if amount else 1.0)
    return amounts


def _hydrate_parts(text: str, formula: str) -> list[tuple[str, float]]:
    pieces = _HYDRATE.split(text)
    parts = [(pieces[0], 1.0)]
    parts += [(pieces[i + 1], float(pieces[i] or 1)) for i in range(1, len(pieces) - 1, 2)]
    if not all(part for part, _ in parts):
        raise _refused(formula, "has nothing before or behind its dot")
    return parts


def _nested(text: str, formula: str) -> dict[str, float]:
    levels: list[dict[str, float]] = [{}]
    group: dict[str, float] | None = None  # what a number that comes next multiplies
    place = 0
    for token in _TOKEN.finditer(text):
        symbol, opening, closing, number = token.groups()
        if token.start() != place or (number and group is None):
            break
        place = token.end()
        if not number and group is not None:
            _add(levels[-1], group, 1.0)
            group = None
        if symbol:
            if symbol not in COLUMN:
                raise _refused(formula, f"has no element '{symbol}'", did_you_mean(symbol, SYMBOLS))
            group = {symbol: 1.0}
        elif opening:
            levels.append({})
            if len(levels) > _DEEPEST:
                raise _refused(formula, f"has more than {_DEEPEST} brackets within each other")
        elif closing:
            if len(levels) == 1:
                raise _refused(formula, "closes a bracket that was not opened")
            group = levels.pop()
        elif group is not None:
            _add(levels[-1], group, float(number))
            group = None
    if text[place:] in ("+", "-"):
        hint = "write a charge behind '^', as in 'SO4^2-' or 'NH4^+'"
        raise _refused(formula, "ends in a charge that could also be an amount", hint)
    if place != len(text):
        raise _refused(formula, f"cannot be read from '{text[place : place + 10]}' on")
    if len(levels) > 1:
        raise _refused(formula, "has a bracket that is not closed")
    _add(levels[0], group or {}, 1.0)
    return levels[0]


def _add(total: dict[str, float], group: Mapping[str, float], factor: float) -> None:
    for symbol, amount in group.items():
        total[symbol] = total.get(symbol, 0.0) + factor * amount


def _refused(formula: object, why: str, hint: str = "") -> FormulaError:
    return FormulaError(f"{formula!r:.80} {why}", hint or "write a formula as in 'Fe2O3' or 'Ca(OH)2'")


@dataclass(frozen=True, eq=False)
class Amounts:
    """The elements of n formulas one after another, m in all; formula i has those from `starts[i]` to `starts[i + 1]`.

    `elements` (m,) are columns of a fraction matrix, each at most once in a formula, and `amounts` (m,) are positive.
    """

    starts: np.ndarray
    elements: np.ndarray
    amounts: np.ndarray

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def counts(self) -> np.ndarray:
        """The number of elements of each formula, (n,)."""
        return np.diff(self.starts)

    @property
    def fractions(self) -> np.ndarray:
        """The atomic fractions (m,), which sum to 1 in each formula."""
        if not len(self):
            return self.amounts
        return self.amounts / np.repeat(np.add.reduceat(self.amounts, self.starts[:-1]), self.counts)

    @property
    def matrix(self) -> np.ndarray:
        """The fraction matrix (n, 118)."""
        made = np.zeros((len(self), len(SYMBOLS)))
        made[np.repeat(np.arange(len(self)), self.counts), self.elements] = self.fractions
        return made

    def written(self, i: int) -> str:
        """Formula i as text, its elements in the order in which they stand."""
        inside = slice(self.starts[i], self.starts[i + 1])
        parts = zip(self.elements[inside].tolist(), self.amounts[inside].tolist(), strict=True)
        return "".join(f"{SYMBOLS[element]}{amount!r}" for element, amount in parts)

    def mean(self, properties: np.ndarray) -> np.ndarray:
        """The means (n, p) of properties (118, p) of the elements, weighted by atomic fraction."""
        if not len(self):
            return np.zeros((0, properties.shape[1]))
        return np.add.reduceat(properties[self.elements] * self.fractions[:, None], self.starts[:-1], axis=0)


def read_formulas(formulas: Sequence[str]) -> tuple[Amounts, dict[int, str]]:
    """The amounts in all formulas that can be read, in their order; and why others, by place, cannot be read.

    The same as `parse_formula` of each, five times faster: nearly all formulas are elements, numbers and pairs of round
    brackets, and of these many are read in one go. A chunk of them at a time, so that memory does not grow with tokens.
    The last few are remembered: a screen asks for their chemistry, and then for their features. Arrays are not to be
    written to.
    """
    texts = tuple(formulas)
    if len(texts) > _CHUNK or not set(map(type, texts)) <= {str}:
        return _read_all(list(texts))
    amounts, failures = _read_lately(texts)
    return amounts, dict(failures)


@lru_cache(maxsize=2)
def _read_lately(formulas: tuple[str, ...]) -> tuple[Amounts, dict[int, str]]:
    amounts, failures = _read_all(list(formulas))
    for array in (amounts.starts, amounts.elements, amounts.amounts):
        array.flags.writeable = False
    return amounts, failures


def _read_all(formulas: list[str]) -> tuple[Amounts, dict[int, str]]:
    tokens = _Tokens()
    read = [_read_chunk(formulas[i : i + _CHUNK], tokens) for i in range(0, len(formulas), _CHUNK)]
    failures = {_CHUNK * c + i: reason for c, (_, ailing) in enumerate(read) for i, reason in ailing.items()}
    parts = [amounts for amounts, _ in read]
    counts = np.concatenate([part.counts for part in parts] or [np.zeros(0, np.intp)])
    elements = np.concatenate([part.elements for part in parts] or [np.zeros(0, np.intp)])
    amounts = np.concatenate([part.amounts for part in parts] or [np.zeros(0)])
    return Amounts(_starts(counts), elements, amounts), failures


def _starts(counts: np.ndarray) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.intp)


class _Tokens(dict[str, int]):
    """The code of each token met so far; by code its column (or what else it is) and amount."""

    END, OPENING, CLOSING, OTHER = -1, -2, -3, -4

    def __init__(self) -> None:
        super().__init__({"\n": 0, "(": 1})
        self.columns, self.amounts = [self.END, self.OPENING], [0.0, 0.0]

    def __missing__(self, token: str) -> int:
        symbol = token[: 1 + token[1:2].islower()]
        try:
            amount = float(token[len(symbol) :] or 1)
        except ValueError:  # such as '1.2.3'
            amount = math.nan
        column = self.CLOSING if symbol == ")" else COLUMN.get(symbol, self.OTHER)
        self.columns.append(column if _SMALL < amount < 1 / _SMALL else self.OTHER)
        self.amounts.append(amount)
        self[token] = len(self.columns) - 1
        return self[token]


def _read_chunk(formulas: list[str], tokens: _Tokens) -> tuple[Amounts, dict[int, str]]:
    texts = formulas
    if not set(map(type, texts)) <= {str} or max(map(len, texts)) > _LONGEST or "\n" in "".join(texts):
        texts = [text if isinstance(text, str) and len(text) <= _LONGEST and "\n" not in text else "" for text in texts]
    joined = "\n".join(texts)
    if not joined.isascii() or any(letter in joined for letter in " \t_"):
        joined = joined.translate(_PLAIN)
    found = _SIMPLE.findall(joined)
    codes = np.fromiter(map(tokens.__getitem__, found), dtype=np.intp, count=len(found))
    columns, amounts = np.array(tokens.columns)[codes], np.array(tokens.amounts)[codes]
    rows = np.cumsum(columns == tokens.END)
    is_slow = np.ones(len(formulas), dtype=bool)
    is_slow[rows[columns >= 0]] = False
    is_slow[rows[columns == tokens.OTHER]] = True
    if "(" in joined or ")" in joined:
        _multiply_brackets(columns, amounts, rows, is_slow)
    is_element = columns >= 0
    rows, columns, amounts = rows[is_element], columns[is_element], amounts[is_element]
    keys = np.sort(rows * len(SYMBOLS) + columns)
    is_slow[keys[1:][keys[1:] == keys[:-1]] // len(SYMBOLS)] = True  # an element twice
    is_fast = ~is_slow[rows]
    return _with_slow(formulas, np.flatnonzero(is_slow), rows[is_fast], columns[is_fast], amounts[is_fast])


def _multiply_brackets(columns: np.ndarray, amounts: np.ndarray, rows: np.ndarray, is_slow: np.ndarray) -> None:
    """Amounts within round brackets times the number behind these; rows with others than plain pairs become slow."""
    step = np.where(columns == _Tokens.OPENING, 1, 0) - np.where(columns == _Tokens.CLOSING, 1, 0)
    step[is_slow[rows]] = 0
    is_slow[np.flatnonzero(np.bincount(rows, weights=step, minlength=len(is_slow)))] = True
    step[is_slow[rows]] = 0
    depth = np.cumsum(step)
    is_slow[rows[(depth < 0) | (depth > 1)]] = True
    step[is_slow[rows]] = 0
    is_inside = (np.cumsum(step) == 1) & (columns >= 0)
    factors = amounts[step == -1]
    amounts[is_inside] *= factors[np.cumsum(step == 1)[is_inside] - 1]


def _with_slow(
    formulas: list[str], slow: np.ndarray, rows: np.ndarray, columns: np.ndarray, amounts: np.ndarray
) -> tuple[Amounts, dict[int, str]]:
    """What was read in one go, and the formulas that must be read one by one, put together."""
    failures: dict[int, str] = {}
    further: list[tuple[int, int, float]] = []
    for row in slow.tolist():
        try:
            parsed = parse_formula(formulas[row])
        except FormulaError as error:
            failures[row] = error.message
            continue
        by_column: dict[int, float] = {}
        for symbol, amount in parsed.items():
            by_column[COLUMN[symbol]] = by_column.get(COLUMN[symbol], 0.0) + amount
        further += [(row, column, amount) for column, amount in by_column.items()]
    if further:
        more_rows, more_columns, more_amounts = zip(*further, strict=True)
        rows = np.concatenate([rows, more_rows])
        order = np.argsort(rows, kind="stable")
        rows = rows[order]
        columns = np.concatenate([columns, more_columns])[order]
        amounts = np.concatenate([amounts, more_amounts])[order]
    counts = np.bincount(rows, minlength=len(formulas))
    return Amounts(_starts(np.delete(counts, list(failures))), columns, amounts), failures


def fraction_matrix(formulas: Sequence[str]) -> tuple[np.ndarray, dict[int, str]]:
    """The atomic fraction of each element in each formula, (n, 118), rows summing to 1; and why others cannot be read.

    The rows of those are zero; the dictionary has their places and reasons.
    """
    read, failures = read_formulas(formulas)
    if not failures:
        return read.matrix, failures
    matrix = np.zeros((len(formulas), len(SYMBOLS)))
    matrix[np.setdiff1d(np.arange(len(formulas)), list(failures))] = read.matrix
    return matrix, failures


@lru_cache(maxsize=65536)
def canonical_formula(formula: str) -> str:
    """One way to write each composition: elements in alphabetical order, amounts by their smallest whole ratio.

    'O3Fe2' and 'Fe4O6' are both 'Fe2O3'. Amounts that are no small whole ratio are written as fractions of 1 with six
    digits. Raises FormulaError.
    """
    parsed = parse_formula(formula)
    amounts: dict[str, float] = {}
    for symbol, amount in parsed.items():
        name = SYMBOLS[COLUMN[symbol]]
        amounts[name] = amounts.get(name, 0.0) + amount
    whole = _whole_ratio(list(amounts.values()))
    total = math.fsum(amounts.values())  # the same in any order
    written = whole if whole is not None else [round(amount / total, 6) for amount in amounts.values()]
    by_name = sorted(zip(amounts, written, strict=True))
    return "".join(symbol if amount == 1 else f"{symbol}{amount:.6g}" for symbol, amount in by_name if amount)


def _whole_ratio(amounts: Sequence[float], most: int = 200) -> list[int] | None:
    """The amounts as the smallest whole numbers in the same ratio, None where these would exceed `most`."""
    smallest = min(amounts)
    for factor in range(1, 25):
        scaled = [amount / smallest * factor for amount in amounts]
        if max(scaled) > most:
            return None
        whole = [round(value) for value in scaled]
        if all(abs(value - near) <= 1e-4 * near for value, near in zip(scaled, whole, strict=True)):
            divisor = math.gcd(*whole)
            return [value // divisor for value in whole]
    return None


def elements_of(formula: str) -> tuple[str, ...]:
    """The elements of a formula in alphabetical order, its chemical system. Raises FormulaError."""
    return tuple(sorted({SYMBOLS[COLUMN[symbol]] for symbol in parse_formula(formula)}))
