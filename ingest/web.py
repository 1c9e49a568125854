"""Web pages: the article in them, without what stands around it, and what the page says of it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ingest.dates import read_date
from ingest.markdown import readable_name
from ingest.plain import strip_blank_lines
from rag.errors import DocumentError
from rag.types import Document

if TYPE_CHECKING:
    from trafilatura.settings import Document as Page

# A day is taken from metadata, address and marked-up dates; trafilatura's search in running text would guess.
_DATES = {"extensive_search": False, "original_date": True}


def parse_html(text: str, *, source: str) -> Document:
    """Make a document of a web page that is at hand: nothing is fetched.

    Its headings become Markdown headings, every other block a paragraph. The title, where the page has none, is the
    name of the file.

    Raises:
        DocumentError: no article was found in it.
    """
    # Slow to import, and most documents are no pages.
    import trafilatura

    # It logs what it discards; here that is an error with a message of its own.
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    page = trafilatura.bare_extraction(
        text, with_metadata=True, include_comments=False, date_extraction_params=dict(_DATES)
    )
    body = _text_of(page) if isinstance(page, trafilatura.settings.Document) else ""
    if not isinstance(page, trafilatura.settings.Document) or not body:
        raise DocumentError("is a web page in which no article was found")
    return Document.of(
        body,
        title=page.title or readable_name(source),
        source=source,
        publisher=page.sitename,
        author=page.author,
        published=read_date(page.date or ""),
        language=page.language,
        url=page.url,
    )


def _text_of(page: Page) -> str:
    """Write an article as text: its blocks with a blank line between them, `#` marks before headings."""
    from trafilatura.xml import xmltotxt

    for heading in page.body.iter("head"):
        words = " ".join("".join(heading.itertext()).split())
        for child in list(heading):
            heading.remove(child)
        heading.text = f"{'#' * int(heading.get('rend', 'h2')[1:])} {words}"
    blocks = (xmltotxt(block, include_formatting=False) for block in page.body)
    return "\n\n".join(filter(None, map(strip_blank_lines, blocks)))
