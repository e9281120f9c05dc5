"""Files of trained models: written so that the same model gives the same bytes, read as if a stranger had sent them.

A `.matloop` file is a zip of `model.skops`, `card.json` and, unless it was left out, `training.parquet`. The model is
stored with skops, which restores only objects of named types, and only types of the list below are accepted: nothing is
unpickled, no function of the file's choosing is called. What native code would index into without looking (the nodes of
trees) is checked first. Sizes are bounded before anything is unpacked.
"""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from matloop.core.errors import InputError

PARTS = ("model.skops", "card.json", "training.parquet")
#: The parts of a file may be so large together, in bytes, and so many times as large as the file.
MOST_BYTES, MOST_TIMES, ALWAYS_FINE = 8 * 2**30, 200, 2**26
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


class ModelFileError(InputError):
    """A file that is no trained model, is damaged, or asks for more than it may."""


# -- the zip ------------------------------------------------------------------------------------------------------


def write(path: Path, parts: Mapping[str, bytes]) -> None:
    """Write the parts as one file, whole or not at all; the same parts give the same bytes."""
    from matloop.files.whole import write_whole

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(_entry(name, zipfile.ZIP_DEFLATED), content)
    write_whole(path, buffer.getvalue())


def read(path: Path) -> dict[str, bytes]:
    """The parts of a file. Raises ModelFileError."""
    if not path.is_file():
        near = sorted(str(other) for other in path.parent.glob("*.matloop")) if path.parent.is_dir() else []
        hint = f"here there are: {', '.join(near[:5])}" if near else "matloop train DATA -o MODEL.matloop makes one"
        raise ModelFileError(f"there is no model file {path}", hint)
    try:
        with zipfile.ZipFile(path) as archive:
            _check_entries(archive, path)
            return {name: archive.read(name) for name in archive.namelist()}
    except ModelFileError:
        raise
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError) as error:
        raise damaged(path, error) from error
    except Exception as error:  # zlib's and lzma's own errors among them
        raise damaged(path, error) from error


def _check_entries(archive: zipfile.ZipFile, path: Path) -> None:
    """Raises ModelFileError unless the entries are a model's, each once, and of a size that can be."""
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    strange = next((name for name in names if name not in PARTS), None)
    if strange is not None or "model.skops" not in names or "card.json" not in names or len(set(names)) < len(names):
        told = f": it holds '{strange[:60]}'" if strange is not None else ": a part of it is missing or twice there"
        raise ModelFileError(f"{path.name} is no trained model of matloop{told}", "matloop train makes model files")
    total, on_disk = sum(entry.file_size for entry in entries), path.stat().st_size
    if total > MOST_BYTES or total > max(ALWAYS_FINE, MOST_TIMES * on_disk):
        raise ModelFileError(
            f"{path.name} would unpack to {total / 1e9:.3g} GB: that is no trained model",
            "ask whoever made it how large it should be",
        )


def damaged(path: Path, error: object) -> ModelFileError:
    """The error for a file that cannot be read to its end."""
    told = (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
    return ModelFileError(f"{path.name} is damaged or no trained model: {told}", "copy or train it again")


def _entry(name: str, compression: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _LONG_AGO)
    entry.compress_type = compression
    entry.external_attr = 0o644 << 16
    return entry


# -- the model ----------------------------------------------------------------------------------------------------


def packed(predictor: Any) -> bytes:
    """The model as skops stores it, with the numbers of its objects counted in place of their addresses.

    Raises ModelFileError for a model of types that could not be read again.
    """
    from skops.io import dumps, get_untrusted_types

    from matloop.models.safety import TRUSTED

    content = dumps(predictor)
    if strange := set(get_untrusted_types(data=content)) - TRUSTED:
        few = ", ".join(sorted(strange)[:3])
        raise ModelFileError(f"a model that holds {few} cannot be stored", "take another kind: matloop train --list")
    with zipfile.ZipFile(io.BytesIO(content)) as stored:
        schema = json.loads(stored.read("schema.json"))
        renamed: dict[str, str] = {}
        _counted(schema, {}, renamed)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(_entry("schema.json", zipfile.ZIP_STORED), json.dumps(schema, separators=(",", ":")))
            for old, new in renamed.items():
                archive.writestr(_entry(new, zipfile.ZIP_STORED), stored.read(old))
    return buffer.getvalue()


def _counted(node: Any, numbers: dict[int, int], renamed: dict[str, str]) -> None:
    if isinstance(node, dict):
        if isinstance(node.get("__id__"), int):
            node["__id__"] = numbers.setdefault(node["__id__"], len(numbers) + 1)
        if isinstance(node.get("file"), str):
            old = node["file"]
            node["file"] = renamed.setdefault(old, f"{len(renamed)}{Path(old).suffix}")
        for inner in node.values():
            _counted(inner, numbers, renamed)
    elif isinstance(node, list):
        for inner in node:
            _counted(inner, numbers, renamed)


def unpacked(content: bytes, path: Path) -> Any:
    """The model in the bytes of skops. Raises ModelFileError where it holds anything that is not trusted."""
    from skops.io import get_untrusted_types, loads

    from matloop.discovery.predictor import Predictor
    from matloop.models.safety import TRUSTED, require_plain, require_sound

    try:
        schema, lengths = _checked(content)
        require_plain(schema, lengths)
        wanted = set(get_untrusted_types(data=content)) - TRUSTED
        if wanted:
            few = ", ".join(sorted(wanted)[:3])
            raise ModelFileError(
                f"{path.name} wants {few}, which a trained model does not need",
                "nothing of it was run; do not use it unless you know who made it, and ask them",
            )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # scikit-learn's of other versions: what does not fit is found below
            model = loads(content, trusted=sorted(TRUSTED))
        require_sound(model)
        if not isinstance(model, Predictor):
            raise ValueError("its model is none of ours")
        model.require_whole()
    except ModelFileError:
        raise
    except ImportError as error:
        raise _missing(error, path) from error
    except Exception as error:  # skops, numpy and the restored classes raise whatever a wrong state makes them raise
        raise damaged(path, error) from error
    return model


def _checked(content: bytes) -> tuple[Any, dict[str, int]]:
    """The schema, and the length of each array by its file.

    Raises ValueError where entries are larger than the bytes they have: by compression, by lying upon each other, or by
    an array's header.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        packed = next((entry for entry in entries if entry.compress_type != zipfile.ZIP_STORED), None)
        if packed is not None or sum(entry.file_size for entry in entries) > len(content):
            raise ValueError(f"its part {(packed or entries[0]).filename[:40]!r} is packed")
        lengths = {each.filename: _length(archive, each) for each in entries if each.filename.endswith(".npy")}
        return json.loads(archive.read("schema.json")), lengths


def _length(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> int:
    """How many rows an array has, 1 of a single number. Raises ValueError where it is not as large as it says."""
    with archive.open(entry) as file:
        version = np.lib.format.read_magic(file)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }.get(version)
        if read_header is None:
            raise ValueError(f"its array {entry.filename[:40]!r} has an unknown form")
        shape, _, dtype = read_header(file)
        size = int(np.prod(shape, dtype=object)) * dtype.itemsize
        if dtype.hasobject or size != entry.file_size - file.tell():
            raise ValueError(f"its array {entry.filename[:40]!r} is not as large as it says")
        return int(shape[0]) if shape else 1


def _missing(error: ImportError, path: Path) -> InputError | Exception:
    from matloop.core.errors import MissingExtra

    extras = {"lightgbm": "boost"}
    name = (error.name or "").partition(".")[0]
    return MissingExtra(name, extras[name]) if name in extras else damaged(path, error)
