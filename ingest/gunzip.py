"""What a server has packed with gzip, unpacked a bounded piece at a time."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from rag.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_GZIP = 16 + zlib.MAX_WBITS
# What is inflated at once. A bomb of 64 KiB would be 64 MiB.
_PIECE_BYTES = 1 << 20


def unpacked(pieces: Iterable[bytes], limit: int) -> Iterator[bytes]:
    """Inflate gzip, in pieces of at most 1 MiB; several members follow each other.

    `limit` is for what is packed, in bytes: a stream of empty members would never end. How much comes out is for the
    caller to bound.

    Raises:
        DocumentError: it is damaged, ends too early, or is larger than that.
    """
    inflate = zlib.decompressobj(_GZIP)
    for piece in _bounded(pieces, limit):
        data, has_more = piece, bool(piece)
        while has_more:
            if inflate.eof:
                inflate = zlib.decompressobj(_GZIP)
            try:
                inflated = inflate.decompress(data, _PIECE_BYTES)
            except zlib.error as error:
                raise DocumentError("is damaged: it cannot be unpacked") from error
            yield inflated
            data = inflate.unconsumed_tail or inflate.unused_data
            # All input may have been taken while some of the output is still to come.
            has_more = bool(data) or (len(inflated) == _PIECE_BYTES and not inflate.eof)
    if not inflate.eof:
        raise DocumentError("broke off before all of it had come")


def _bounded(pieces: Iterable[bytes], limit: int) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limit:
            raise DocumentError("is packed, and larger packed than it may be unpacked")
        yield piece
