"""Which of SQuAD's articles the reader is not trained on, so that it can be calibrated on them."""

from __future__ import annotations

import hashlib

_EVERY = 10


def is_held_out(title: str) -> bool:
    """Tell whether an article is kept apart, by its title, with spaces or with underscores: a tenth of them is.

    >>> is_held_out("New York City") == is_held_out("New_York_City")
    True
    """
    return hashlib.sha256(title.replace("_", " ").encode()).digest()[0] % _EVERY == 0
