"""What files say of themselves in their metadata: title, author, language.

The dates of office files are left alone. "Created" is when the software made the file, often that of the template it
began as, and "modified" when it was last saved; neither is the day on which a text was published.
"""

from __future__ import annotations

import re
from reprlib import repr as short_repr
from typing import TYPE_CHECKING, NamedTuple

from ingest.blocks import inline
from ingest.guard import brief
from rag.errors import DocumentError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element
    from zipfile import ZipFile

DC = "{http://purl.org/dc/elements/1.1/}"
_OPC_CREATOR, _ODF_CREATOR = f"{DC}creator", "{urn:oasis:names:tc:opendocument:xmlns:meta:1.0}initial-creator"
_LANGUAGE = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9_-]+)?", re.IGNORECASE)
_NO_LANGUAGE = {"und", "mul", "zxx"}  # unknown, several, none
MAX_TITLE_CHARS, _MAX_AUTHOR_CHARS = 200, 1_000
# What software writes where nobody gave a title, and where nobody gave a name.
_NO_TITLE = re.compile(
    r"\W*(?:microsoft\s+(?:office\s+)?(?:word|excel|powerpoint)\b.*|microsoft \w+ - .*"
    r"|(?:word|excel|powerpoint|libreoffice|openoffice|wps)"
    r"(?:[\s-]+(?:document|dokument|workbook|presentation|präsentation|演示文稿|文档))?"
    r"|(?:untitled|unspecified|anonymous|no title|none|null|document|dokument|presentation|book|workbook|sheet|slide"
    r"|title)\s*(?:slide)?\W*\d*"
    r"|(?:无标题|未命名|标题|文档|演示文稿|工作簿|幻灯片)\W*\d*|présentation powerpoint"
    r"|.*\.(?:docx?|pptx?|xlsx?|dotx?|od[tp]|rtf|pdf|txt|md|html?|e?ps|tex|dvi|indd|qxd|pages|wps))?\W*",
    re.IGNORECASE,
)
# A single word in small letters is an account.
_NOBODY = re.compile(
    r"\W*(?:[a-z0-9_.-]+"
    r"|(?i:(?:microsoft|ms|adobe|windows|office|apache|poi|corporation|systems|the|default)?"
    r"(?:\s*\b(?:office|poi|corporation|systems|user|author|owner|admin|administrator|unknown|anonymous|unspecified))*"
    r"\s*\d*)"
    r"|(?i:xlsxwriter)|微软用户|用户|作者|管理员)?\W*"
)


class Properties(NamedTuple):
    """What is known of a file; None for what it does not say, or says in software's words."""

    title: str | None
    author: str | None
    language: str | None


def office_properties(archive: ZipFile) -> Properties:
    """Read the core properties of a DOCX, PPTX or XLSX file.

    Raises:
        DocumentError: they are no XML.
    """
    return _properties(archive, "docProps/core.xml", creator=_OPC_CREATOR)


def odf_properties(archive: ZipFile) -> Properties:
    """Read `meta.xml` of an OpenDocument file; the author is who began it, not who saved it last.

    Raises:
        DocumentError: it is no XML.
    """
    return _properties(archive, "meta.xml", creator=_ODF_CREATOR)


def real_title(text: str | None) -> str | None:
    """Return a title on one line, cut to a length; None where it is software's word for "none".

    >>> real_title("A  tale"), real_title("Microsoft Word - tale.doc"), real_title("Presentation1")
    ('A tale', None, None)
    """
    title = inline(text or "")[:MAX_TITLE_CHARS]
    return None if _NO_TITLE.fullmatch(title) else title


def real_author(text: str | None) -> str | None:
    """Return the names in a text, which semicolons separate, without those of programs and accounts.

    >>> real_author("Ann Lee; Bo Wu"), real_author("Office for Statistics"), real_author("Windows User")
    ('Ann Lee, Bo Wu', 'Office for Statistics', None)
    """
    names = map(str.strip, inline(text or "")[:_MAX_AUTHOR_CHARS].split(";"))
    return ", ".join(name for name in names if not _NOBODY.fullmatch(name)) or None


def read_language(tag: str) -> str | None:
    """Return the code that a language tag begins with; None where it is no tag, or one for "unknown".

    >>> read_language("en-GB"), read_language("und"), read_language("English")
    ('en', None, None)
    """
    found = _LANGUAGE.fullmatch(tag.strip())
    code = found[1].lower() if found else ""
    return code if code not in _NO_LANGUAGE and code else None


def read_part(archive: ZipFile, name: str) -> Element | None:
    """Read a part of an archive as XML; None where it has no such part.

    Raises:
        DocumentError: it is no XML, or XML with entities.
    """
    if name not in archive.namelist():
        return None
    return parse_xml(archive.read(name), name=name)


def parse_xml(data: bytes | str, *, name: str) -> Element:
    """Read XML that declares no entities; `name` is what an error calls it.

    Raises:
        DocumentError: it is no XML, or XML with entities.
    """
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root: Element = fromstring(data)
    except DefusedXmlException as error:
        raise DocumentError(f"is no sound file: its part {short_repr(name)} declares XML entities") from error
    # ParseError is a SyntaxError; unknown encodings are ValueErrors and LookupErrors.
    except (SyntaxError, ValueError, LookupError, RecursionError) as error:
        raise DocumentError(f"is damaged: its part {short_repr(name)} is no XML ({brief(error)})") from error
    return root


def _properties(archive: ZipFile, part: str, *, creator: str) -> Properties:
    root = read_part(archive, part)

    def value(tag: str) -> str:
        return inline((root.findtext(f".//{tag}") if root is not None else "") or "")

    return Properties(
        real_title(value(f"{DC}title")), real_author(value(creator)), read_language(value(f"{DC}language"))
    )
