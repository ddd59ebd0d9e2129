"""Put the pictures of a run into the draft of its page; nothing heavy is loaded for it."""

import base64
from collections.abc import Sequence
from pathlib import Path


def placeholder(name: str) -> str:
    """Return what stands in the draft for a picture."""
    return f"@@picture:{name}@@"


def embedded(png: bytes) -> str:
    """Return a picture as an address that holds all of it."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def fill_page(draft: str, pictures: Sequence[Path]) -> str:
    """Return the page: the draft with its pictures.

    Parameters
    ----------
    draft : str
        From :func:`potrun.plots.page.write.draft_page`.
    pictures : sequence of Path
        Pictures whose names the draft was given; others are passed over.
    """
    for path in pictures:
        if placeholder(path.stem) in draft:
            draft = draft.replace(placeholder(path.stem), embedded(path.read_bytes()))
    return draft
