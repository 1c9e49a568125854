"""Whether two texts tell one story: a wire text that several printed, edited or cut; not two texts of one form.

    text ─ sketch ─► bytes ─┬─ bands ─► keys: texts that share one may be alike
                            └─ likeness ─► how much of the shorter text stands in the longer one

What was measured to choose the numbers below, `python -m eval.stories` measures again. This module knows nothing of
documents or of how they are stored.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

# So much of the shorter text in the longer one makes them one story. Of 11,592 articles, 62 pairs of different texts
# came that far within the days below, and were read: 44 are one story, edited, cut or brought up to date; 14 are
# articles that are for the most part one gallery, 4 have a body in common that explains. Where two of those say the
# same, they do so in the same words. Below, weekly digests and pages of lottery numbers begin (.66 and less).
SAME_STORY = 0.7
# Stories are taken over and brought up to date within days; what comes every week, month or year is a form filled in.
DAYS_APART = 7

# Three minima a band: a text and its half, which have half of their shingles in common, meet with a probability of
# .996 (1 - (1 - .5³)⁴²), two that have a twentieth in common with one of .005.
_BANDS, _ROWS = 42, 3
_SEED = 1
# Five words, or as long a stretch of a script that puts no spaces between words.
_WORDS, _CHARACTERS = 5, 8
# A text of fewer shingles is like nothing but the same words: with so few, a form and another date are half of it.
_LEAST = 32
# Of two texts of one form the figures differ. Of each text the least hashes are kept (Bar-Yossef et al. 2002), which
# are the same ones in both; below three numbers there is nothing to judge by.
_NUMBERS, _FEW, _SAME_NUMBERS = 64, 3, 0.5

# A text is known by its beginning, and worked through in parts: what is larger than a wire story costs no more memory.
_READ_CHARS, _PART = 200_000, 2_000

_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def sketch(text: str) -> bytes:
    """Return what `bands` and `likeness` need of a text: some 750 bytes; of a text without a word, nothing.

    White space, punctuation and case do not count, and only the first 200,000 characters do.
    """
    import datasketch  # takes a second, and only a writer needs it

    plain = unicodedata.normalize("NFKC", text[:_READ_CHARS]).casefold()
    tokens = _TOKEN.findall(plain)
    if not tokens:
        return b""
    parts = _shingles(tokens)
    minima = datasketch.MinHash(num_perm=_BANDS * _ROWS, seed=_SEED, hashfunc=zlib.crc32)
    for first in range(0, len(parts), _PART):
        minima.update_batch(parts[first : first + _PART])
    numbers = {zlib.crc32(number.replace(",", "").encode()) for number in _NUMBER.findall(plain)}
    kept = np.array(sorted(numbers)[:_NUMBERS], np.uint32)
    return np.concatenate([[np.uint32(len(parts))], minima.digest(), kept]).astype("<u4").tobytes()


def bands(sketched: bytes) -> list[int]:
    """Return the keys of a sketch, each of 64 bits with a sign: two texts that are much alike have one in common."""
    rows = _minima(_numbers(sketched)).reshape(-1, _ROWS)
    digests = (hashlib.blake2b(bytes([n]) + row.tobytes(), digest_size=8) for n, row in enumerate(rows))
    return [int.from_bytes(digest.digest(), "little", signed=True) for digest in digests]


def likeness(one: bytes, other: bytes) -> float:
    """Estimate which share of the shorter of two sketched texts stands in the longer: 1 for a text and its beginning.

    That is Broder's containment ("On the resemblance and containment of documents", 1997), from the Jaccard similarity
    that MinHash estimates. It is 0 where most of the numbers of one are not in the other: a form filled in twice.
    """
    a, b = _numbers(one), _numbers(other)
    if not len(a) or not len(b) or not _same_figures(a[1 + _BANDS * _ROWS :], b[1 + _BANDS * _ROWS :]):
        return 0.0
    jaccard = float(np.mean(_minima(a) == _minima(b)))
    sizes = int(a[0]), int(b[0])
    return min(1.0, jaccard * sum(sizes) / ((1 + jaccard) * min(sizes)))


def is_near(one: date | None, other: date | None) -> bool:
    """Tell whether two days of publication are near enough for one story; one that is unknown may be any."""
    return one is None or other is None or abs((one - other).days) <= DAYS_APART


def _shingles(tokens: list[str]) -> list[bytes]:
    """Return all runs of so many tokens, each once as a string; of a short text, the text itself as the only one."""
    unspaced = sum(len(token) == 1 and bool(re.match(f"[{_UNSPACED}]", token)) for token in tokens)
    length = _CHARACTERS if 2 * unspaced > len(tokens) else _WORDS
    n_parts = len(tokens) - length + 1
    if n_parts < _LEAST:
        return [" ".join(tokens).encode()]
    return list({" ".join(tokens[first : first + length]).encode() for first in range(n_parts)})


def _numbers(sketched: bytes) -> NDArray[np.uint32]:
    return np.frombuffer(sketched, "<u4")


def _minima(numbers: NDArray[np.uint32]) -> NDArray[np.uint32]:
    return numbers[1 : 1 + _BANDS * _ROWS]


def _same_figures(one: NDArray[np.uint32], other: NDArray[np.uint32]) -> bool:
    """Tell whether at least half of the numbers of the text that has fewer are in the other."""
    for full in (one, other):
        if len(full) == _NUMBERS:  # what is beyond its last was not kept, and says nothing
            last = full[-1]
            one, other = one[one <= last], other[other <= last]
    fewer = min(len(one), len(other))
    return fewer < _FEW or len(np.intersect1d(one, other)) >= _SAME_NUMBERS * fewer
