"""RTF and reStructuredText."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

from ingest.blocks import heading, inline, join_blocks, paragraph, table
from ingest.dates import read_date
from ingest.encodings import decode
from ingest.guard import guarded
from ingest.markdown import readable_name
from ingest.properties import read_language, real_author, real_title
from rag.errors import DocumentError
from rag.text import normalise
from rag.types import Document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docutils import nodes

# --- RTF: marks of ours for what striprtf drops, in characters that no text uses
_HEADING, _LINE = "\ue000", "\ue010"
_ESCAPES = re.compile(r"\\(?:[\\{}]|outlinelevel(?P<level>\d)(?!\d)|line(?![a-z\d]) ?|(?P<field>fldinst)(?=\{))")
_MARKS = re.compile("[\ue000-\ue0ff]")
_CELL_AT_END = re.compile(r"\|+$")
_INFO_CHARS = 2_000
_MAX_BROKEN = 0.01
_CODE_PAGE = re.compile(rb"\\ansicpg\d{1,5}")

# --- reStructuredText
_SETTINGS = {
    "_disable_config": True,
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "syntax_highlight": "none",
    "report_level": 5,
    "halt_level": 5,
    "warning_stream": False,
    "traceback": True,
    "line_length_limit": 1_000_000,
}
_ROLE = re.compile(r":[\w:+.-]+:`([^`<]*?)(?:\s*<[^`>]*>)?`")
_OPTION = re.compile(r"\s*:[\w-]+:(?:\s|$)")
# Unknown to docutils, and no text: lists of files, what is generated, and what is drawn.
_NO_TEXT = ("toctree", "auto", "plantuml", "graphviz", "mermaid", "highlight", "module", "currentmodule", "index")


def parse_rtf(data: bytes, *, source: str) -> Document:
    """Make a document of an RTF file: its paragraphs, and as headings what its styles say are such.

    Title and author are those of its information group, unless software put them there. That group's days are when
    the file was made and saved, so that there is no day of publication.

    Raises:
        DocumentError: it is no RTF, is empty, damaged, or in a code page that it does not name.
    """
    if not data.strip():
        raise DocumentError("is empty")
    if not data.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{\\rtf"):
        raise DocumentError("is no RTF file")
    # Bytes above ASCII stand in the code page of the file, as its escapes do.
    raw = re.sub(rb"[\x80-\xff]", lambda found: b"\\'%02x" % found[0][0], data.removeprefix(b"\xef\xbb\xbf"))
    markup = raw.replace(b"\0", b"").decode("ascii")
    text = _MARKS.sub("", join_blocks(_rtf_blocks(_strip(_ESCAPES.sub(_marked, markup)))))
    if not text.strip():
        raise DocumentError("is empty")
    if text.count("\ufffd") > len(text) * _MAX_BROKEN:
        raise DocumentError("is RTF in a code page that cannot be told; save it as .docx")
    page = (_CODE_PAGE.search(data) or [b""])[0].decode()
    return Document.of(
        text,
        title=real_title(_info(markup, "title", page)) or readable_name(source),
        source=source,
        author=real_author(_info(markup, "author", page)),
    )


def _marked(found: re.Match[str]) -> str:
    if found["level"]:
        return f"{found[0]}{{\\uc1\\u{ord(_HEADING) + int(found['level'])} ?}}"
    if found["field"]:  # the space keeps striprtf from writing the address behind the words of a link
        return f"{found[0]} "
    return f"{{\\uc1\\u{ord(_LINE)} ?}}" if found[0].startswith("\\line") else found[0]


def _strip(markup: str) -> str:
    # Slow to import, and few files are RTF.
    from striprtf.striprtf import rtf_to_text

    # Malformed control words bring up errors of many kinds: numbers out of range, unknown encodings, no fonts.
    with guarded("is no sound RTF file"):
        text: str = rtf_to_text(markup, errors="replace")  # type: ignore[no-untyped-call]
    # Characters outside the basic plane are written as two halves.
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _rtf_blocks(text: str) -> Iterator[str]:
    """Yield headings, paragraphs and rows; a cell ends with a bar, and a row with that of its last cell."""
    for is_row, lines in groupby(text.split("\n"), key=lambda line: line.endswith("|")):
        if is_row:
            yield from table([_CELL_AT_END.sub("", _MARKS.sub("", line)).split("|") for line in lines])
            continue
        for line in lines:
            level = next((ord(mark) - ord(_HEADING) for mark in line if _HEADING <= mark < _LINE), None)
            words = _MARKS.sub("", line.replace(_LINE, "\n"))
            yield paragraph(words) if level is None or level > 5 else heading(level + 1, words)  # noqa: PLR2004 (h6)


def _info(markup: str, name: str, page: str) -> str:
    """Return a value of the information group, which striprtf leaves out; `page` names the code page."""
    opening = re.search(rf"\{{\\info\b[\s\S]{{0,{_INFO_CHARS}}}?\{{\\{name} ", markup)
    if not opening:
        return ""
    group = re.match(r"(?:[^{}]|\{[^{}]*\})*", markup[opening.end() : opening.end() + _INFO_CHARS])
    return inline(_strip(f"{{\\rtf1\\ansi{page} {group[0] if group else ''}}}"))


def parse_rst(data: bytes, *, source: str) -> Document:
    """Make a document of reStructuredText: section titles become `#` headings, the rest its text without marks.

    The title is that of the document. The field list at its top gives author, organisation (the publisher), date,
    language and address. Nothing is included from elsewhere, and the content of directives that only Sphinx knows is
    kept as text.

    Raises:
        DocumentError: it is no text, is empty, or nested too deeply.
    """
    text = normalise(decode(data))
    if not text.strip():
        raise DocumentError("is empty")
    # Slow to import, and few files are reStructuredText.
    from docutils.core import publish_doctree

    # docutils turns errors of a text into nodes; what still comes is a defect of its own.
    with guarded("is no sound reStructuredText"):
        tree = publish_doctree(text, settings_overrides=dict(_SETTINGS))
        writer = _RstWriter(tree)
        body = join_blocks(writer.blocks())
    if not body:
        raise DocumentError("holds no text")
    fields = writer.fields
    return Document.of(
        body,
        title=real_title(str(tree.get("title", ""))) or writer.first_title or readable_name(source),
        source=source,
        publisher=fields.get("publisher") or fields.get("organization"),
        author=fields.get("author") or fields.get("authors"),
        published=read_date(fields.get("date", "") or fields.get("published", "")),
        language=read_language(fields.get("language", "")),
        url=fields.get("url"),
    )


class _RstWriter:
    """Writes the tree that docutils makes of a text; `fields` and `first_title` are what it saw on the way."""

    def __init__(self, tree: nodes.document) -> None:
        from docutils import nodes

        self._nodes = nodes
        self._tree = tree
        self.fields: dict[str, str] = {}
        self.first_title = ""
        for note in list(tree.findall(nodes.footnote_reference)):
            note[:] = [nodes.Text(f"[{note.astext()}]")]

    def blocks(self) -> Iterator[str]:
        """Yield the blocks of the text, from the top."""
        has_title = any(isinstance(child, self._nodes.title) for child in self._tree.children[:1])
        yield from self._inside(self._tree, int(has_title))

    def _inside(self, node: nodes.Node, level: int) -> Iterator[str]:
        for child in node.children:
            yield from self._block(child, level)

    def _block(self, node: nodes.Node, level: int) -> Iterator[str]:
        n = self._nodes
        if isinstance(node, n.section):
            yield from self._inside(node, level + 1)
        elif isinstance(node, n.docinfo):
            self._read_fields(node)
        elif isinstance(node, n.list_item):
            first, *rest = list(self._inside(node, level)) or [""]
            yield f"- {first}" if first else ""
            yield from rest
        elif isinstance(node, n.table):
            yield from self._table(node)
        elif isinstance(node, n.system_message):
            yield from _of_unknown_directive(node)
        elif isinstance(node, (n.field, n.footnote, n.citation, n.TextElement, n.line_block)):
            yield self._leaf(node, level)
        else:
            yield from self._inside(node, level)

    def _leaf(self, node: nodes.Element, level: int) -> str:
        n = self._nodes
        if isinstance(node, n.title) and isinstance(node.parent, (n.section, n.document)):
            self.first_title = self.first_title or inline(_words(node))
            return heading(level, _words(node))
        if isinstance(node, n.subtitle):
            return heading(level + 1, _words(node))
        if isinstance(node, (n.field, n.footnote, n.citation)):
            label, *rest = (_words(child) for child in node.children)
            return paragraph(f"{label}: {' '.join(filter(None, rest))}")
        if isinstance(node, n.line_block):
            return paragraph("\n".join(_words(line) for line in node.findall(n.line)))
        unseen = isinstance(node, (n.comment, n.raw, n.substitution_definition, n.target))
        return "" if unseen else paragraph(_words(node))

    def _read_fields(self, info: nodes.docinfo) -> None:
        for child in info.children:
            if isinstance(child, self._nodes.field):
                name, value = inline(child[0].astext()).lower(), inline(child[1].astext())
            elif isinstance(child, self._nodes.authors):
                name, value = "authors", ", ".join(inline(author.astext()) for author in child.children)
            else:
                name, value = type(child).__name__, inline(child.astext())
            if value:
                self.fields.setdefault(name, value)

    def _table(self, node: nodes.table) -> Iterator[str]:
        n = self._nodes
        for caption in node.findall(n.title):
            yield paragraph(_words(caption))
        rows = [[_words(entry) for entry in row.findall(n.entry)] for row in node.findall(n.row)]
        yield from table(rows, header=any(node.findall(n.thead)))


def _words(node: nodes.Node) -> str:
    """Return the text of a node, that of roles which only Sphinx knows without their marks."""
    return _ROLE.sub(r"\1", node.astext())


def _of_unknown_directive(message: nodes.system_message) -> Iterator[str]:
    """Yield the content of a directive that docutils does not know, as paragraphs; of a refused one, nothing."""
    what, *sources = message.children
    source = sources[0].astext() if sources else ""
    name = source.removeprefix("..").lstrip()
    if not what.astext().startswith("Unknown directive type") or name.startswith(_NO_TEXT):
        return
    lines = [line for line in source.split("\n")[1:] if not _OPTION.match(line)]
    yield from (paragraph(_ROLE.sub(r"\1", part)) for part in re.split(r"\n\s*\n", "\n".join(lines)))
