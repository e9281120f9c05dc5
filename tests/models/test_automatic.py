"""Models chosen and blended by rows that they have not seen."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import mean_absolute_error, roc_auc_score

pytest.importorskip("lightgbm")

from matloop.models import automatic
from matloop.models.automatic import AutomaticClassifier, AutomaticRegressor
from matloop.models.automatic_candidates import Candidate


def table(n: int = 160, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 6))
    return X, 3 * X[:, 0] + np.abs(X[:, 1]) + 0.1 * rng.normal(size=n)


@pytest.fixture(autouse=True)
def _few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matloop.models.automatic_candidates.TREES", 20)


def test_the_blend_is_no_worse_out_of_fold_than_its_best_part() -> None:
    X, y = table()
    fitted = AutomaticRegressor(budget=60, n_jobs=2).fit(X, y)
    scores = [trial["score"] for trial in fitted.trials_ if trial["status"] == "done"]
    assert len(scores) >= 4
    # models of little weight are left out afterwards, which may cost a trifle
    assert mean_absolute_error(y, fitted.out_of_fold_) <= min(scores) * 1.02


def test_the_weights_sum_to_one_and_name_the_models_that_are_kept() -> None:
    X, y = table()
    fitted = AutomaticRegressor(budget=60).fit(X, y)
    assert sum(fitted.weights_.values()) == pytest.approx(1.0)
    assert len(fitted.models_) == len(fitted.weights_)
    assert set(fitted.weights_) <= {trial["model"] for trial in fitted.trials_}


def test_it_predicts_new_rows_better_than_their_mean() -> None:
    X, y = table(260)
    fitted = AutomaticRegressor(budget=60).fit(X[:200], y[:200])
    told = fitted.predict(X[200:])
    assert mean_absolute_error(y[200:], told) < 0.5 * np.abs(y[200:] - y[:200].mean()).mean()


def test_what_it_says_out_of_fold_is_not_what_it_has_learned_by_heart() -> None:
    """Of pure noise it knows nothing out of fold, although its trees repeat what they have seen."""
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(120, 5)), rng.normal(size=120)
    fitted = AutomaticRegressor(budget=60).fit(X, y)
    assert abs(np.corrcoef(fitted.out_of_fold_, y)[0, 1]) < 0.35
    assert np.corrcoef(fitted.predict(X), y)[0, 1] > 0.6


def test_groups_are_left_out_together() -> None:
    """Rows that stand in the table twice with noise of their own are not known by heart when they are tested."""
    rng = np.random.default_rng(2)
    X = np.repeat(rng.normal(size=(60, 4)), 3, axis=0)
    y = np.repeat(rng.normal(size=60), 3)
    apart = AutomaticRegressor(budget=60).fit(X, y, groups=np.repeat(np.arange(60), 3))
    mixed = AutomaticRegressor(budget=60).fit(X, y)
    assert mean_absolute_error(y, mixed.out_of_fold_) < 0.5 * mean_absolute_error(y, apart.out_of_fold_)


def test_a_budget_of_nothing_still_gives_a_model_and_says_what_was_left_out() -> None:
    X, y = table()
    fitted = AutomaticRegressor(budget=0).fit(X, y)
    assert list(fitted.weights_) == ["trimmed trees"]
    assert all("left out" in trial["status"] for trial in fitted.trials_[1:])


def test_a_candidate_that_fails_stops_none_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def fit(self, X: object, y: object) -> None:
            raise ValueError("cannot learn this")

        def get_params(self, deep: bool = True) -> dict[str, object]:
            return {}

    whole = automatic.candidates

    def with_broken(*facts: object) -> list[Candidate]:
        return [*whole(*facts), Candidate("broken", Broken, 0.0)]

    monkeypatch.setattr(automatic, "candidates", with_broken)
    fitted = AutomaticRegressor(budget=60).fit(*table())
    assert {"model": "broken", "score": None, "seconds": None, "status": "failed: ValueError: cannot learn this"} in (
        fitted.trials_
    )
    assert "broken" not in fitted.weights_


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_it_is_the_same_model_however_many_candidates_are_fitted_at_once(n_jobs: int) -> None:
    X, y = table()
    one = AutomaticRegressor(budget=1e6, seed=3).fit(X, y).predict(X)
    assert np.array_equal(one, AutomaticRegressor(budget=1e6, seed=3, n_jobs=n_jobs).fit(X, y).predict(X))


def test_classes_have_probabilities_that_sum_to_one_and_keep_their_names() -> None:
    X, y = table(200)
    names = np.where(y > 0.5, "yes", "no")
    fitted = AutomaticClassifier(budget=60).fit(X, names)
    told = fitted.predict_proba(X)
    assert told.sum(axis=1) == pytest.approx(np.ones(200))
    assert set(fitted.predict(X)) == {"yes", "no"}
    assert roc_auc_score(names == "yes", fitted.out_of_fold_[:, 1]) > 0.85


def test_it_can_be_cloned_and_takes_missing_values() -> None:
    X, y = table()
    X[::7, 2] = np.nan
    fitted = clone(AutomaticRegressor(budget=60)).fit(X, y)
    assert np.isfinite(fitted.predict(X)).all()


@pytest.mark.parametrize("kind", [AutomaticRegressor, AutomaticClassifier])
def test_a_refit_keeps_the_choice_and_knows_the_other_rows_alone(kind: type) -> None:
    """Learned from the same rows it is the same model; from others, one that knows those."""
    X, y = table(200)
    y = y if kind is AutomaticRegressor else np.where(y > 0.5, "yes", "no")
    ask = "predict" if kind is AutomaticRegressor else "predict_proba"
    fitted = kind(budget=60).fit(X, y)
    same, other = fitted.refit(X, y), fitted.refit(X[:100], y[:100])
    assert np.array_equal(getattr(same, ask)(X), getattr(fitted, ask)(X))
    assert other.weights_ == fitted.weights_
    assert np.abs(getattr(other, ask)(X[100:]) - getattr(fitted, ask)(X[100:])).max() > 0.01


def test_a_refit_without_a_row_of_each_class_is_refused() -> None:
    X, y = table()
    fitted = AutomaticClassifier(budget=60).fit(X, np.where(y > 0.5, "yes", "no"))
    with pytest.raises(ValueError, match="1 classes, and 2 are known"):
        fitted.refit(X[y > 0.5], ["yes"] * int(np.sum(y > 0.5)))


def test_what_is_kept_predicts_in_one_thread_however_many_it_was_fitted_in() -> None:
    """A stored model says nothing of the machine that it was made on."""
    X, y = table()
    for kind, outcomes in ((AutomaticRegressor, y), (AutomaticClassifier, y > 0)):
        for budget in (0, 60):
            fitted = kind(budget=budget, n_jobs=2).fit(X, outcomes)
            parts = [part for model in fitted.models_ for part in (model, getattr(model, "regressor_", model))]
            told = [value for part in parts for name, value in part.get_params().items() if name.endswith("n_jobs")]
            assert told
            assert set(told) <= {1, None}
