"""Values that a program gave, where types are wishes: checked, and refused in words that name them."""

from __future__ import annotations

from datetime import date


def text(value: object, name: str, *, least: int = 0, most: int = 1_000) -> str:
    """Return a text without the blanks around it.

    Raises:
        ValueError: it is no text, too short or too long, or holds what cannot be written as UTF-8.
    """
    if not isinstance(value, str):
        raise ValueError(f"{name} is {type(value).__name__}; it must be a text.")  # noqa: TRY004 (told, not raised on)
    value = value.strip()
    if len(value) < least:
        raise ValueError(f"{name} is empty; give one.")
    if len(value) > most:
        raise ValueError(f"{name} has {len(value):,} characters; at most {most:,} are taken.")
    if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
        raise ValueError(f"{name} holds half a character; send it as UTF-8.")
    return value


def whole(value: object, name: str, *, least: int = 0, most: int) -> int:
    """Return a whole number; JSON may have written it as 3.0.

    Raises:
        ValueError: it is none, or out of range.
    """
    number = int(value) if isinstance(value, float) and value.is_integer() else value
    if isinstance(number, bool) or not isinstance(number, int) or not least <= number <= most:
        raise ValueError(f"{name} is {value!r:.40}; it must be a whole number from {least} to {most}.")
    return number


def day(value: object, name: str) -> date | None:
    """Return a day, None for an empty text.

    Raises:
        ValueError: it is no day, or not written as one.
    """
    words = text(value, name)
    try:
        return date.fromisoformat(words) if words else None
    except ValueError:
        raise ValueError(f"{name} is {words!r:.40}; write a day as 2024-03-06.") from None
