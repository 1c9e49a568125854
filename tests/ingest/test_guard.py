"""What a library raises is a short reason; what only the sandbox can tell goes through."""

import pytest

from ingest.guard import guarded
from rag.errors import DocumentError


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (KeyError("size"), "is damaged"),
        (ValueError("no  such part"), "is damaged (no such part)"),
        (ValueError(), "is damaged"),
        (RecursionError(), "is damaged: it is nested too deeply"),
        (DocumentError("is encrypted"), "is encrypted"),
    ],
)
def test_an_error_of_a_library_is_a_reason(error, reason):
    with pytest.raises(DocumentError) as raised, guarded("is damaged"):
        raise error
    assert str(raised.value) == reason


def test_however_much_a_library_says_the_reason_is_short():
    with pytest.raises(DocumentError) as raised, guarded("is damaged"):
        raise ValueError("x" * 10_000)
    assert len(str(raised.value)) < 150


@pytest.mark.parametrize("kind", [MemoryError, KeyboardInterrupt])
def test_lack_of_memory_and_ctrl_c_are_not_taken_for_damage(kind):
    with pytest.raises(kind), guarded("is damaged"):
        raise kind
