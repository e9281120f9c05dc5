"""The model card: facts that go to JSON and back, the right names of scores, pages that say what is missing."""

import json

import numpy as np
import pandas as pd
import pytest
from example_cards import GAP, classification_card, regression_card, rows
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import auc, confusion_matrix, roc_auc_score

from matloop.core.errors import InputError
from matloop.datasets.column import Column
from matloop.datasets.dataset import Dataset, SetAside
from matloop.discovery import card_facts
from matloop.discovery.card import Card, Coverage, Data, Quantity, Score, Split, Uncertainty, Validation
from matloop.reports.model_card import as_html, as_markdown, counts, remarks, sections

CARDS = {"numbers": regression_card(), "two classes": classification_card(), "three classes": classification_card(3)}
BARE = Card(task="regression", data=Data(target=GAP))


@pytest.mark.parametrize("card", [*CARDS.values(), BARE], ids=[*CARDS, "bare"])
def test_a_card_goes_to_json_and_back_without_loss(card):
    assert Card.of(json.loads(json.dumps(card.to_dict(), allow_nan=False))) == card


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"task": "guessing"}, "task"),
        (
            {"validation": {"splits": [{"name": "random", "scores": [{"name": "AUC", "folds": []}]}]}},
            "validation.splits.0",
        ),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_is_no_card_is_refused_with_its_place(change, said):
    """Also a score under a name that could mean two things."""
    with pytest.raises(InputError, match=said):
        Card.of(BARE.to_dict() | change)


def test_the_mean_and_the_spread_are_those_of_the_folds_on_which_a_score_is_defined():
    score = Score(name="ROC-AUC", folds=[0.9, float("nan"), 0.8])
    assert score.folds == [0.9, None, 0.8]
    assert score.mean == pytest.approx(0.85)
    assert score.spread == pytest.approx(np.std([0.9, 0.8], ddof=1))
    assert Score(name="MAE", folds=[1.0]).spread is None
    assert Score(name="MAE", folds=[None]).mean is None


@pytest.mark.parametrize(("name", "is_worse"), [("MAE", True), ("balanced accuracy", False)])
def test_the_gap_knows_which_way_a_score_is_worse(name, is_worse):
    """More error is worse, more accuracy is not."""
    told = Validation(
        splits=[
            Split(name="cluster", is_grouped=True, scores=[Score(name=name, folds=[0.5])]),
            Split(name="random", scores=[Score(name=name, folds=[0.3])]),
        ]
    )
    assert told.gap.is_worse is is_worse
    assert told.gap.difference == pytest.approx(0.2)
    assert told.gap.grouped_by == "cluster"


def test_without_two_kinds_of_splits_there_is_no_gap_and_the_card_says_so():
    one = Validation(splits=[Split(name="random", scores=[Score(name="MAE", folds=[0.3])])])
    assert one.gap is None
    assert any("No grouped split" in remark for remark in remarks(BARE.model_copy(update={"validation": one})))


def test_the_page_says_everything_that_was_filled_in():
    """Each text and each name of the card is found on the page, in HTML and in Markdown."""
    card = CARDS["numbers"]
    page, text = as_html(card), as_markdown(card)
    for wanted in (
        "made-up gaps", "CC-BY-4.0", "Nobody 2026", card.data.hash, "unknown element", "magpie",
        "10.1038/npjcompumats.2016.28", "one row for each composition", "boosting", "out of time", "conformal",
        "To rank compositions", "Not for alloys", "2026-11-02T10:11:12Z", "5.547", "95.1 %", "grouped by composition",
    ):  # fmt: skip
        assert wanted in page, wanted
        assert wanted in text.replace("\\", ""), wanted
    for name, version in card.provenance.versions.items():
        assert f"| {name} | {version} |" in text


def test_the_gap_is_named_and_the_grouped_score_is_the_one_to_expect():
    card = CARDS["numbers"]
    gap = card.validation.gap
    sentence = next(s for s in sections(card) if s.place == "validation").sentences[0]
    assert f"{gap.random:.3g} eV" in sentence
    assert f"{gap.grouped:.3g} eV" in sentence
    assert f"{gap.grouped:.3g} eV" in remarks(card)[0]


@pytest.mark.parametrize(("observed", "tone"), [(0.95, "good"), (0.90, "bad"), (0.99, "bad")])
def test_coverage_of_95_percent_is_good_from_93_to_97(observed, tone):
    card = BARE.model_copy(
        update={"uncertainty": Uncertainty(method="conformal", coverage=[Coverage(expected=0.95, observed=observed)])}
    )
    assert counts(card)[-1].tone == tone
    assert any("too narrow" in remark for remark in remarks(card)) is (observed < 0.93)


def test_of_classes_probabilities_are_held_to_what_came_true():
    """No interval is spoken of where there is none."""
    told = Uncertainty(method="calibrated", coverage=[Coverage(expected=0.8, observed=0.71)])
    card = CARDS["two classes"].model_copy(update={"uncertainty": told})
    text = as_markdown(card)
    assert "came true" in text
    assert "interval" not in text.split("## Uncertainty")[1].split("##")[0]
    assert "probability said" in as_html(card)


def test_what_was_not_done_is_said():
    """A model of which nothing is known gets no blank page."""
    text = as_markdown(BARE)
    for said in (
        "not validated",
        "not say how sure",
        "not determined which",
        "No other one was tried",
        "was not noted",
    ):
        assert said in text
    assert as_html(BARE).count("<section") >= 9


@pytest.mark.parametrize("card", [*CARDS.values(), BARE], ids=[*CARDS, "bare"])
def test_the_page_opens_without_network(card):
    """Nothing is loaded from elsewhere."""
    page = as_html(card)
    head = page[: page.index("</head>")]
    assert "default-src 'none'" in head
    assert "<link" not in page
    assert 'src="http' not in page


def test_no_name_becomes_a_tag_or_a_link():
    """Names come from strangers' files."""
    evil = "<script>alert(1)</script>[x](javascript:y)|`*"
    card = CARDS["numbers"].model_copy(deep=True)
    card.name = card.model = card.data.name = evil
    card.data.target = Quantity(name=evil, unit=evil)
    card.validation.out_of_fold[0].names[0] = evil
    card.selection.candidates[0].model = evil
    page, text = as_html(card), as_markdown(card)
    assert "<script>alert" not in page
    assert "<script>" not in text
    assert "[x](" not in text
    assert "](javascript" not in text.replace("\\]", "")


def test_no_name_commands_a_terminal():
    """A stranger's card may hold the codes that colour, rename or clear a terminal; what is read is without them."""
    told = BARE.to_dict() | {"name": "gap\x1b]0;renamed\x07 of\x9b31m all"}
    assert Card.of(told).name == "gap]0;renamed of31m all"


def test_class_names_may_be_anything():
    card = CARDS["two classes"].model_copy(deep=True)
    card.validation.out_of_fold[0].labels = ["<b>", "</script>"]
    assert '</script>"' not in as_html(card).replace("\\u003c/script\\u003e", "")


# -- the facts ------------------------------------------------------------------------------------------------------


@given(st.integers(0, 500), st.integers(2, 60))
def test_the_area_under_a_kept_roc_curve_is_the_score(seed, n):
    """True ROC-AUC, from probabilities, ties included."""
    rng = np.random.default_rng(seed)
    truth = np.append(rng.random(n) < 0.4, [True, False])
    probability = np.round(np.append(rng.random(n), [0.5, 0.5]), rng.integers(1, 4))
    false, true = card_facts.roc_curve(truth, probability)
    assert auc(false, true) == pytest.approx(roc_auc_score(truth, probability))
    assert (false[0], true[0], false[-1], true[-1]) == (0, 0, 1, 1)


def test_a_long_roc_curve_is_thinned_without_losing_its_area():
    rng = np.random.default_rng(0)
    truth, probability = rng.random(5000) < 0.5, rng.random(5000)
    probability[truth] += 0.3
    false, true = card_facts.roc_curve(truth, probability)
    assert len(false) <= card_facts.CURVE
    assert auc(false, true) == pytest.approx(roc_auc_score(truth, probability), abs=2e-3)


def test_a_curve_of_one_class_alone_is_none():
    assert card_facts.roc_curve(np.array([True, True]), np.array([0.1, 0.2])) is None


def test_the_confusion_matrix_is_that_of_scikit_learn():
    truth, told = ["a", "b", "b", "c", "a"], ["a", "b", "a", "c", "c"]
    facts = card_facts.out_of_fold_classes("random", truth, told, np.full((5, 3), 1 / 3), ["a", "b", "c"])
    np.testing.assert_array_equal(facts.confusion, confusion_matrix(truth, told))
    assert set(facts.roc) == {"a", "b", "c"}


@given(st.integers(0, 200))
def test_coverage_is_what_counting_gives(seed):
    """Rows without an interval do not count."""
    rng = np.random.default_rng(seed)
    y, lower, upper = rng.normal(size=(3, 25))
    lower, upper = np.minimum(lower, upper), np.maximum(lower, upper)
    lower[3] = np.nan
    (told,) = card_facts.coverages(y, {0.5: (lower, upper)})
    kept = [i for i in range(25) if i != 3]
    assert told.observed == sum(lower[i] <= y[i] <= upper[i] for i in kept) / 24
    assert told.width == pytest.approx(np.median([upper[i] - lower[i] for i in kept]))


def test_a_card_keeps_a_bounded_number_of_predictions():
    y = np.arange(30_000.0)
    facts = card_facts.out_of_fold_numbers("random", y, y + 1, y, y + 2, 0.9)
    assert facts.n_rows == 30_000
    assert len(facts.measured) == len(facts.upper) == card_facts.MOST_SHOWN
    assert facts.predicted == [value + 1 for value in facts.measured]


def _dataset(gaps=(1.0, 2.0, np.nan), **facts):
    frame = pd.DataFrame({"formula": ["Fe2O3", "Al2O3", "TiO2"], "gap": list(gaps)})
    columns = [Column("formula", role="material", kind="composition"), Column("gap", role="target", unit="eV")]
    return Dataset(frame, columns, name="gaps", **facts)


def test_the_data_are_described_as_they_were_used():
    dataset = _dataset(licence="MIT", set_aside=[SetAside("row 9", "no number"), SetAside("row 8", "no number")])
    target, inputs = dataset.targets[0], [dataset.material]
    told = card_facts.data(dataset, target, inputs, np.array([True, True, False]))
    assert told.n_rows == 2
    assert told.target.unit == "eV"
    assert told.target_quartiles == [1.0, 1.25, 1.5, 1.75, 2.0]
    assert told.set_aside == {"no number": 2}
    assert told.hash != card_facts.data(dataset, target, inputs).hash


def test_the_hash_is_that_of_the_content():
    """The same cells have the same hash, whatever the index; another cell or order has another one."""
    first = card_facts.content_hash(_dataset().frame)
    assert first == card_facts.content_hash(_dataset().frame.set_axis([5, 6, 7]))
    assert first != card_facts.content_hash(_dataset((1.0, 2.5, np.nan)).frame)
    assert first != card_facts.content_hash(_dataset().frame.iloc[::-1])


def test_versions_are_those_that_are_installed():
    told = card_facts.versions()
    assert told["numpy"] == np.__version__
    assert "matloop" in told


def test_quartiles_of_nothing_are_none():
    assert card_facts.quartiles(np.array([np.nan])) is None
    assert rows(16)[0].shape == (16, 3)
