"""A model card in a file: HTML, Markdown or JSON, by the file's ending."""

from __future__ import annotations

import json
from pathlib import Path

from matloop.core.errors import InputError
from matloop.discovery.card import Card
from matloop.files.whole import write_whole


def write_card(card: Card, path: Path) -> Path:
    """Write the card, whole or not at all. Raises InputError for another ending."""
    from matloop.reports.model_card import as_html, as_markdown

    ending = path.suffix.lower()
    if ending in (".html", ".htm"):
        write_whole(path, as_html(card))
    elif ending in (".md", ".markdown"):
        write_whole(path, as_markdown(card))
    elif ending == ".json":
        write_whole(path, json.dumps(card.to_dict(), ensure_ascii=False, indent=2) + "\n")
    else:
        raise InputError(f"a card cannot be written to '{path.name}'", "use .html, .md or .json")
    return path
