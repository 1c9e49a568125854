"""How the pieces of the page are made of their templates: whatever is put into one stays text.

Nothing of a document, a question or a chat model can become markup, a script or an address to run, turn the direction
of writing, or be taken for a template in its turn.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from rag.text import format_date, is_chinese
from ui.render import web_address

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

# Control characters but for tab and line end, those that turn the direction of writing, and halves of characters.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# With these a text would be a template to Gradio, were it ever put into one: HTML reads their entities as themselves.
_TEMPLATE = str.maketrans({char: f"&#{ord(char)};" for char in "${}`"})


def fill(template: str, values: Mapping[str, object]) -> str:
    """Fill one of the templates beside this module; every value in it is escaped."""
    return _environment().get_template(template).render(values).strip()


def safe(value: object) -> Markup:
    r"""Escape a text, character by character: what could mislead the eye becomes U+FFFD, one for one.

    >>> str(safe('<b>\u202e$')), str(safe(None))
    ('&lt;b&gt;�&#36;', '')
    """
    if isinstance(value, Markup):
        return value
    seen = _UNSEEN.sub("\ufffd", "" if value is None else str(value))
    return Markup(str(escape(seen)).translate(_TEMPLATE))  # noqa: S704 (escaped)


def language_of(text: str) -> str:
    """Return the language that a text is to be read in, as far as the page tells them apart."""
    return "zh" if is_chinese(text) else "en"


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        finalize=safe,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(address=web_address, day=_day, language=language_of)
    return made


def _day(day: date | None, language: str) -> str:
    return format_date(day, language) if day else ""
