"""On published data with official folds: intervals hold what they promise, the domain tells better from worse."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_models import quick

from matloop.datasets.reading import read_any
from matloop.discovery.card import Card
from matloop.discovery.train import train

#: The file, and the mean absolute error that any sensible model stays below.
TASKS = {"steels": ("steels_yield.csv", 140.0), "jdft2d": ("jdft2d.csv", 55.0), "phonons": ("phonons.csv", 110.0)}


@pytest.mark.data
@pytest.mark.parametrize("name", TASKS)
def test_intervals_cover_held_out_rows_of_matbench(name: str, published: Path) -> None:
    """95 % intervals of a quick model hold 93 to 97 % of the official test rows, within the chance of so few rows."""
    file, sensible = TASKS[name]
    folds = published / "matbench_official_folds" / f"matbench_{name}_test_rows.json"
    with quick():
        model = train(read_any(published / f"matbench_{name}" / file), model="knn", folds=folds, splits=["folds"])
    card = Card.of(model.card)
    (split,) = card.validation.splits
    assert split.n_folds == 5
    error = split.score("MAE")
    assert error is not None
    assert error.mean is not None
    assert error.mean < sensible
    covered = {each.expected: each.observed for each in card.uncertainty.coverage}
    chance = 2 * (0.95 * 0.05 / card.uncertainty.n_rows) ** 0.5
    assert 0.95 - 0.02 - chance < covered[0.95] < 0.95 + 0.02 + chance
    assert abs(covered[0.8] - 0.8) < 0.07
    assert card.domain.score_outside is not None
    assert card.domain.score_inside is not None
    assert card.domain.score_outside > 1.2 * card.domain.score_inside
