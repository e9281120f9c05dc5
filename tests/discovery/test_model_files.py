"""Files of trained models: nothing is lost in them, and whoever made one cannot do harm by it."""

from __future__ import annotations

import io
import json
import os
import pickle
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_models import hardness, is_hard, trained

from matloop.core.errors import InputError, MatloopError
from matloop.datasets.dataset import Dataset
from matloop.discovery.model_file import ModelFileError, packed, unpacked
from matloop.discovery.predictor import Predictor
from matloop.discovery.representation import Described, Representation
from matloop.discovery.trained import TrainedModel
from matloop.models import catalogue
from matloop.models.conformal import ConformalIntervals
from matloop.models.domain import ApplicabilityDomain
from matloop.models.probabilities import ProbabilityCalibration


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that is as it should be."""
    return trained().save(tmp_path_factory.mktemp("models") / "hardness.matloop")


@pytest.mark.parametrize("dataset", [hardness(), is_hard(40)], ids=["numbers", "classes"])
def test_a_model_says_the_same_after_it_was_saved_and_read(dataset: Dataset, tmp_path: Path) -> None:
    """Bit for bit: predictions, intervals, domain and neighbours; and its columns and its card."""
    model = trained(dataset)
    again = TrainedModel.load(model.save(tmp_path / "model"))
    frame = dataset.frame.head(7)
    assert model.predict(frame).equals(again.predict(frame))
    assert model.target == again.target
    assert model.inputs == again.inputs
    assert model.card == again.card
    for one, other in zip(model.neighbours(frame), again.neighbours(frame), strict=True):
        assert np.array_equal(one, other)


def stored(kind: str, task: Any, features: str = "fractions") -> tuple[Predictor, Predictor, Described]:
    """A predictor of this kind, the same read from its bytes, and rows to be judged."""
    dataset = hardness(40) if task == "regression" else is_hard(40)
    representation = Representation([dataset.columns["formula"]], {"formula": [features]})
    rows = representation.fit(dataset.frame).describe(dataset.frame)
    X, y = representation.matrix(rows), dataset.frame.iloc[:, 1].to_numpy()
    with patch.object(catalogue, "TREES", 20), patch.object(catalogue, "ROUNDS", 20):
        model = catalogue.model(kind, task)
    domain = ApplicabilityDomain().fit(X)
    if task == "regression":
        model.fit(X, y.astype(float))
        made = Predictor(
            representation, model, domain, ConformalIntervals().fit(X, y.astype(float) + 1, y.astype(float))
        )
    else:
        codes = np.unique(y, return_inverse=True)[1]
        calibration = ProbabilityCalibration().fit(np.eye(2)[codes], codes)
        made = Predictor(representation, model.fit(X, codes), domain, None, calibration, ["hard", "soft"])
    return made, unpacked(packed(made), Path("model")), rows


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("task", ["regression", "classification"])
@pytest.mark.parametrize("kind", catalogue.kinds())
def test_every_kind_of_model_can_be_stored_without_loss(kind: str, task: str) -> None:
    if task not in catalogue.SUITS.get(kind, catalogue.Suits()).tasks:
        return
    one, other, rows = stored(kind, task, "stoichiometry" if kind == "label_propagation" else "fractions")
    told, again = one.predict(rows), other.predict(rows)
    assert set(told) == set(again)
    assert all(np.array_equal(told[name], again[name]) for name in told)


@pytest.mark.parametrize("kind", ["forest", "boosting"])
def test_the_same_data_and_seed_give_the_same_bytes_of_the_model(kind: str, tmp_path: Path) -> None:
    hashes = [trained(model=kind).save(tmp_path / f"{i}.matloop") for i in range(2)]
    one, other = (json.loads(zipfile.ZipFile(path).read("card.json"))["provenance"]["hashes"] for path in hashes)
    assert one == other
    assert set(one) == {"model.skops", "training.parquet"}


def test_another_seed_gives_another_forest() -> None:
    frame = hardness().frame
    one, other = (trained(model="forest", seed=seed).predict(frame)["prediction"] for seed in (0, 1))
    assert not one.equals(other)


def test_a_file_without_the_data_holds_none_of_it(tmp_path: Path) -> None:
    """--no-data: the model predicts as before, and no formula of a training row stands in the file's parts."""
    model = trained()
    path = model.save(tmp_path / "model.matloop", with_training=False)
    again = TrainedModel.load(path)
    frame = hardness().frame
    assert again.predict(frame).equals(model.predict(frame))
    with pytest.raises(InputError, match="left out"):
        again.neighbours(frame)
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["model.skops", "card.json"]
        kept = archive.read("card.json") + archive.read("model.skops")
    assert not any(formula.encode() in kept for formula in frame["formula"])


# -- a stranger's file --------------------------------------------------------------------------------------------


class Harmful:
    """Unpickled, it would leave a file behind."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.trace}",)


def parts_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def written(path: Path, parts: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def with_model(file: Path, path: Path, model: bytes) -> Path:
    """The file with another model in it, and no word of its hash."""
    parts = parts_of(file) | {"model.skops": model}
    card = json.loads(parts["card.json"])
    card["provenance"]["hashes"] = {}
    return written(path, parts | {"card.json": json.dumps(card).encode()})


def changed_schema(file: Path, change: Callable[[Any], None]) -> bytes:
    """The model of the file with its schema changed."""
    with zipfile.ZipFile(io.BytesIO(parts_of(file)["model.skops"])) as stored:
        parts = {name: stored.read(name) for name in stored.namelist()}
    schema = json.loads(parts["schema.json"])
    change(schema)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in (parts | {"schema.json": json.dumps(schema).encode()}).items():
            archive.writestr(name, content)
    return buffer.getvalue()


def assert_refused(path: Path, match: str | None = None) -> None:
    """A message with a hint, no other error, and no side effect that the caller would see."""
    with pytest.raises(ModelFileError, match=match) as refused:
        TrainedModel.load(path)
    assert refused.value.hint
    assert len(refused.value.message) < 400


def test_a_pickle_under_the_name_of_a_model_is_not_opened(file: Path, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    harmful = pickle.dumps(Harmful(trace))
    (tmp_path / "plain.matloop").write_bytes(harmful)
    assert_refused(tmp_path / "plain.matloop", "no trained model")
    assert_refused(with_model(file, tmp_path / "inside.matloop", harmful), "damaged")
    assert not trace.exists()


def _functions(schema: Any) -> None:
    schema["content"]["content"]["model"] = {
        "__class__": "system", "__module__": "os", "__loader__": "FunctionNode", "__id__": 9001,
    }  # fmt: skip


def _called(schema: Any) -> None:
    """skops' own node for a call of a type with arguments."""
    arguments = {
        "__class__": "tuple",
        "__module__": "builtins",
        "__loader__": "TupleNode",
        "content": [],
        "__id__": 9002,
    }
    schema["content"]["content"]["model"] = {
        "__class__": "Popen", "__module__": "subprocess", "__loader__": "ConstructorFromReduceNode",
        "content": arguments, "__id__": 9001,
    }  # fmt: skip


def _method(schema: Any) -> None:
    schema["content"]["content"]["model"] = {
        "__class__": "ApplicabilityDomain", "__module__": "matloop.models.domain", "__loader__": "MethodNode",
        "content": {"func": "fit", "obj": schema["content"]["content"]["domain"]}, "__id__": 9001,
    }  # fmt: skip


def _operator(schema: Any) -> None:
    text = {
        "__class__": "str",
        "__module__": "builtins",
        "__loader__": "JsonNode",
        "content": '"__class__"',
        "__id__": 9003,
    }
    arguments = {
        "__class__": "tuple", "__module__": "builtins", "__loader__": "TupleNode", "content": [text], "__id__": 9002,
    }  # fmt: skip
    schema["content"]["content"]["model"] = {
        "__class__": "attrgetter", "__module__": "operator", "__loader__": "OperatorFuncNode",
        "attrs": arguments, "__id__": 9001,
    }  # fmt: skip


def _function_of_a_trusted_module(schema: Any) -> None:
    """Exact names are trusted, not modules: what else a module imports stays out of reach."""
    schema["content"]["content"]["model"] = {
        "__class__": "write_whole", "__module__": "matloop.files.whole", "__loader__": "FunctionNode", "__id__": 9001,
    }  # fmt: skip


@pytest.mark.parametrize("change", [_functions, _called, _method, _operator, _function_of_a_trusted_module])
def test_a_model_that_asks_for_functions_is_refused_and_nothing_is_called(
    change: Callable[[Any], None], file: Path, tmp_path: Path
) -> None:
    assert_refused(with_model(file, tmp_path / "bad.matloop", changed_schema(file, change)), "wants a?")


def test_a_model_within_a_model_is_only_what_it_says(file: Path, tmp_path: Path) -> None:
    """A sound skops file of something else than a model of ours is refused as well."""
    from sklearn.linear_model import Ridge
    from skops.io import dumps

    other = dumps(Ridge().fit(np.eye(3), np.arange(3.0)))
    assert_refused(with_model(file, tmp_path / "ridge.matloop", other), "none of ours")


def test_paths_that_escape_are_refused_and_nothing_is_written(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "within"
    folder.mkdir()
    for name in ("../outside.txt", "/tmp/matloop-outside.txt", "a/../../outside.txt", "C:\\outside.txt"):
        path = written(folder / "model.matloop", parts_of(file) | {name: b"x"})
        assert_refused(path, "it holds")
    assert sorted(each.name for each in tmp_path.rglob("*")) == ["model.matloop", "within"]


def test_a_zip_bomb_is_refused_before_it_is_unpacked(file: Path, tmp_path: Path) -> None:
    """A part of 300 MB of zeros is 300 kB on the disk: told by its size, never unpacked."""
    path = tmp_path / "bomb.matloop"
    parts = parts_of(file)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("card.json", "training.parquet"):
            archive.writestr(name, parts[name])
        with archive.open("model.skops", "w") as part:
            for _ in range(300):
                part.write(bytes(1_000_000))
    assert path.stat().st_size < 1_000_000
    assert_refused(path, "would unpack to")


def test_a_bomb_within_the_model_is_refused(file: Path, tmp_path: Path) -> None:
    """An array whose header promises more than there is, and a packed part, are not unpacked either."""
    with zipfile.ZipFile(io.BytesIO(parts_of(file)["model.skops"])) as stored:
        parts = {name: stored.read(name) for name in stored.namelist()}
    array = next(name for name in parts if name.endswith(".npy"))
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (10**12,)})
    for compression, content in ((zipfile.ZIP_STORED, header.getvalue()), (zipfile.ZIP_DEFLATED, parts[array])):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", compression) as archive:
            for name, old in parts.items():
                archive.writestr(name, content if name == array else old)
        assert_refused(with_model(file, tmp_path / "inner.matloop", buffer.getvalue()), "damaged")


def test_a_training_table_that_claims_too_many_rows_is_refused(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matloop.discovery.trained._MOST_ROWS", 10)
    assert_refused(file, "40 rows")


@pytest.mark.parametrize("kind", ["forest", "boosting", "tree"])
def test_trees_that_lead_out_of_themselves_are_refused(kind: str, tmp_path: Path) -> None:
    """scikit-learn and LightGBM would follow such a node anywhere in memory, or in circles."""
    file = trained(model=kind).save(tmp_path / "good.matloop")
    with zipfile.ZipFile(io.BytesIO(parts_of(file)["model.skops"])) as stored:
        parts = {name: stored.read(name) for name in stored.namelist()}
    n_changed = 0
    for name in parts if kind != "boosting" else ():
        if not name.endswith(".npy"):
            continue
        array = np.load(io.BytesIO(parts[name]))
        is_nodes = array.dtype.names is not None
        children = array["left_child"] if is_nodes else array
        if not is_nodes and not (array.dtype == np.int32 and array.size > 3 and (array == -1).any()):
            continue
        children[children > 0] = 1_000_000
        buffer = io.BytesIO()
        np.save(buffer, array)
        parts[name], n_changed = buffer.getvalue(), n_changed + 1
    if kind == "boosting":
        text = parts["schema.json"].decode()
        assert "left_child=" in text
        parts["schema.json"] = text.replace("left_child=1 ", "left_child=99999 ").encode()
        n_changed = int(parts["schema.json"].decode() != text)
    assert n_changed
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    assert_refused(with_model(file, tmp_path / "bad.matloop", buffer.getvalue()), "damaged")


def _as_one(schema: Any, array: Callable[[str, Any], None]) -> None:
    """Two different nodes under one number: skops would take the first for both."""
    content = schema["content"]["content"]
    content["intervals"]["__id__"] = content["domain"]["__id__"]


def _folder(schema: Any, array: Callable[[str, Any], None]) -> None:
    """A pipeline that keeps what it computes in a folder would read pickles from there when it is fitted again."""
    told = schema["content"]["content"]["model"]["content"]["content"]["memory"]
    told.update(content=json.dumps("/tmp/somewhere"), __id__=9001)


def _tree_outputs(schema: Any, array: Callable[[str, Any], None]) -> None:
    next(nodes(schema, "TreeNode"))["__reduce__"]["args"]["content"][2].update(content="2000000000", __id__=9001)


def _tree_count(schema: Any, array: Callable[[str, Any], None]) -> None:
    told = next(nodes(schema, "TreeNode"))["content"]["content"]["node_count"]
    told.update(content="500000000", __id__=9001)


def _tree_inputs(schema: Any, array: Callable[[str, Any], None]) -> None:
    """The tree says that there are so many inputs, and asks for the last of them."""
    tree = next(nodes(schema, "TreeNode"))
    tree["__reduce__"]["args"]["content"][0].update(content="100000000", __id__=9001)
    array(
        tree["content"]["content"]["nodes"]["file"], lambda a: a["feature"].__setitem__(a["left_child"] > 0, 9 * 10**7)
    )


def _vectors(schema: Any, array: Callable[[str, Any], None]) -> None:
    told = next(node["content"] for node in nodes(schema, "DictNode") if "_dual_coef_" in node["content"])
    array(told["_dual_coef_"]["file"], lambda a: a[:, :1])


def _boosted(change: Callable[[str], str]) -> Callable[[Any, Any], None]:
    """LightGBM's text changed; that it was changed is made sure of."""

    def apply(schema: Any, array: Callable[[str, Any], None]) -> None:
        told = next(node for node in nodes(schema, "JsonNode") if "tree_sizes=" in str(node["content"]))
        text = json.loads(told["content"])
        assert change(text) != text
        told["content"] = json.dumps(change(text))

    return apply


#: LightGBM jumps by these sizes, writes as many answers as the objective names, and reads 22 lines of a tree.
_SIZES = _boosted(lambda text: re.sub(r"tree_sizes=\d+", "tree_sizes=900000000", text))
_CLASSES = _boosted(lambda text: text.replace("objective=regression", "objective=multiclass num_class:3000000"))
_TWICE = _boosted(lambda text: text.replace("\nleft_child=", "\nleft_child=2000000000\nleft_child=", 1))


def _histogram_inputs(schema: Any, array: Callable[[str, Any], None]) -> None:
    for node in nodes(schema, "ObjectNode"):
        if node["__class__"] == "TreePredictor":
            file = node["content"]["content"]["nodes"]["file"]
            array(file, lambda a: a["feature_idx"].fill(999_999))


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("ridge", _as_one),
        ("ridge", _folder),
        *(("tree", change) for change in (_tree_outputs, _tree_count, _tree_inputs)),
        ("svm", _vectors),
        *(("boosting", change) for change in (_SIZES, _CLASSES, _TWICE)),
        ("histogram", _histogram_inputs),
    ],
)
def test_what_native_code_would_believe_is_looked_at_first(kind: str, change: Any, tmp_path: Path) -> None:
    """Each of these would be read, or written, beyond the end of an array: it is refused before it is used."""
    if kind == "histogram":
        with patch.dict("sys.modules", {"matloop.models.boosting": None}):
            one = stored("boosting", "regression")[0]
    else:
        one = stored(kind, "regression")[0]
    with zipfile.ZipFile(io.BytesIO(packed(one))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(parts["schema.json"])

    def array(name: str, edit: Callable[[Any], Any]) -> None:
        told = np.load(io.BytesIO(parts[name])).copy()
        edited = edit(told)
        buffer = io.BytesIO()
        np.save(buffer, told if edited is None else edited)
        parts[name] = buffer.getvalue()

    change(schema, array)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in (parts | {"schema.json": json.dumps(schema).encode()}).items():
            archive.writestr(name, content)
    with pytest.raises(ModelFileError, match="damaged"):
        unpacked(buffer.getvalue(), tmp_path / "bad.matloop")


def nodes(schema: Any, loader: str) -> Iterator[Any]:
    """All nodes of this kind."""
    for inner in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from nodes(inner, loader)
    if isinstance(schema, dict) and schema.get("__loader__") == loader:
        yield schema


@given(share=st.floats(0.0, 0.999))
@settings(max_examples=30)
def test_a_file_that_ends_too_early_is_refused(file: Path, share: float) -> None:
    path = file.with_name("short.matloop")
    path.write_bytes(file.read_bytes()[: int(share * file.stat().st_size)])
    assert_refused(path)


@given(place=st.floats(0.0, 1.0, exclude_max=True), bit=st.integers(0, 7))
@settings(max_examples=30)
def test_a_flipped_bit_is_noticed_or_does_no_harm(file: Path, place: float, bit: int) -> None:
    """Either a clear message, or the very same model: what is flipped may be a date that nobody reads."""
    content = bytearray(file.read_bytes())
    content[int(place * len(content))] ^= 1 << bit
    path = file.with_name("flipped.matloop")
    path.write_bytes(content)
    frame = hardness().frame
    try:
        model = TrainedModel.load(path)
    except MatloopError:
        return
    else:
        assert model.predict(frame).equals(TrainedModel.load(file).predict(frame))


def test_other_files_are_told_apart(tmp_path: Path) -> None:
    for name, content in (("a.txt", b"hello"), ("empty.matloop", b""), ("b.matloop", b"PK\x03\x04 nothing")):
        (tmp_path / name).write_bytes(content)
        assert_refused(tmp_path / name)
    assert_refused(written(tmp_path / "c.matloop", {"readme.md": b"x"}), "it holds 'readme.md'")
    assert_refused(written(tmp_path / "d.matloop", {"model.skops": b"x"}), "missing")
    assert_refused(tmp_path / "no.matloop", "there is no model file")


def test_a_card_that_is_none_is_refused(file: Path, tmp_path: Path) -> None:
    for card in (b"[]", b'{"task": "regression"}', b"not json", b"[" * 100_000):
        assert_refused(written(tmp_path / "card.matloop", parts_of(file) | {"card.json": card}))


def test_parts_that_do_not_fit_together_are_refused(tmp_path: Path) -> None:
    """A model with the domain of another one, and one without an attribute it needs, as of an older release."""
    one, other = trained(), trained(hardness(40), features=["fractions"])
    one.predictor.domain = other.predictor.domain
    assert_refused(one.save(tmp_path / "mixed.matloop"), "do not fit")
    del other.predictor.intervals.least_
    assert_refused(other.save(tmp_path / "old.matloop"), "least_")


def test_a_file_of_a_newer_version_says_so(file: Path, tmp_path: Path) -> None:
    parts = parts_of(file)
    card = json.loads(parts["card.json"]) | {"version": 2}
    path = written(tmp_path / "newer.matloop", parts | {"card.json": json.dumps(card).encode()})
    assert_refused(path, "newer version of matloop")


def test_a_model_of_another_scikit_learn_that_cannot_be_read_says_which(file: Path, tmp_path: Path) -> None:
    parts = parts_of(file)
    card = json.loads(parts["card.json"])
    card["provenance"]["versions"]["scikit-learn"] = "0.99"
    card["provenance"]["hashes"] = {}
    model = changed_schema(file, lambda schema: schema["content"]["content"].pop("domain"))
    path = written(tmp_path / "old.matloop", parts | {"card.json": json.dumps(card).encode(), "model.skops": model})
    with pytest.raises(ModelFileError, match="damaged") as refused:
        TrainedModel.load(path)
    assert "scikit-learn 0.99" in refused.value.hint
    path = written(tmp_path / "good.matloop", parts | {"card.json": json.dumps(card).encode()})
    assert TrainedModel.load(path).predict(hardness(3).frame).equals(TrainedModel.load(file).predict(hardness(3).frame))


def test_a_model_that_could_not_be_read_again_is_not_stored(tmp_path: Path) -> None:
    """A plugin's estimator of a type that no model file may name."""

    class Foreign:
        pass

    model = trained()
    model.predictor.model = Foreign()
    with pytest.raises(ModelFileError, match="Foreign cannot be stored"):
        model.save(tmp_path / "foreign.matloop")
    assert not list(tmp_path.iterdir())
