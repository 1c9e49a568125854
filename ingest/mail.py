"""E-mail: EML as every program saves it, MSG as Outlook does. Attachments are named, and not read."""

from __future__ import annotations

import re
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import EmailPolicy
from email.utils import parseaddr, parsedate_to_datetime
from typing import TYPE_CHECKING, cast

from ingest.blocks import inline, join_blocks, paragraph
from ingest.encodings import decode
from ingest.guard import brief, guarded
from ingest.htmltext import html_to_text
from ingest.markdown import readable_name
from ingest.properties import MAX_TITLE_CHARS, read_language
from rag.errors import DocumentError
from rag.types import Document

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from oxmsg import Message

# A header longer than this has been made to cost time: parsing one grows with the square of its length.
_MAX_HEADER_CHARS = 4_000
_MAX_DEPTH = 20
_MAX_UNPACKED_BYTES = 200_000_000
_KNOWN_HEADERS = ("From", "To", "Subject", "Date", "Message-ID", "Received", "MIME-Version")
# What mail programs write is often more than they say.
_WIDER = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso-8859-1": "cp1252",
    "ks_c_5601-1987": "cp949",
    "shift_jis": "cp932",
}
_OLE = b"\xd0\xcf\x11\xe0"
_ENCRYPTED = "is encrypted; save it decrypted"
_RTF_BODY = 0x1009  # PidTagRtfCompressed


class _Policy(EmailPolicy):
    """The policy of the standard library, with headers cut to a length and those in raw bytes decoded."""

    def header_fetch_parse(self, name: str, value: str) -> str:
        """Return a header, decoded; one that cannot be understood, as it stands."""
        value = value[:_MAX_HEADER_CHARS]
        try:
            if not hasattr(value, "name"):  # a header that is not parsed yet
                value = _decoded(value.encode("utf-8", errors="surrogateescape"), None)
            header: str = super().header_fetch_parse(name, value)
        # What the standard library's parser of headers is known to raise for malformed ones.
        except (DocumentError, LookupError, ValueError, AttributeError, TypeError):
            header = value.encode("utf-8", errors="replace").decode()
        return header


def parse_eml(data: bytes, *, source: str) -> Document:
    """Make a document of an e-mail: its plain text, or else its HTML, with a last line that names the attachments.

    Subject, sender, day of sending and language are those of its headers. Quoted replies stay.

    Raises:
        DocumentError: it is no e-mail, encrypted, holds no text, or cannot be read.
    """
    start = data.lstrip(b"\xef\xbb\xbf\r\n \t")
    if not start:
        raise DocumentError("is empty")
    with guarded("is no sound e-mail"):
        message = BytesParser(EmailMessage, policy=_Policy()).parsebytes(start)
        return _document_of(cast("EmailMessage", message), source)


def parse_msg(data: bytes, *, source: str) -> Document:
    """Make a document of a message that Outlook saved, as `parse_eml` does.

    Raises:
        DocumentError: as there; and where it holds its text as RTF only.
    """
    if not data:
        raise DocumentError("is empty")
    if not data.startswith(_OLE):
        raise DocumentError("is no Outlook message; if it is an e-mail, rename it to .eml")
    with guarded("is no sound Outlook message"):
        return _document_of_msg(_load_msg(data), source)


def _load_msg(data: bytes) -> Message:
    # Slow to import, and few files are mail.
    from olefile import OleFileIO
    from oxmsg import Message

    with OleFileIO(data) as file:
        # Parts may share their bytes, so that small files can state large ones; the library would read them all.
        if sum(entry.size for entry in file.direntries if entry) > _MAX_UNPACKED_BYTES:
            raise DocumentError("is no sound Outlook message: its parts are larger than it can hold")
        if not file.exists("__properties_version1.0"):
            raise DocumentError("is no Outlook message, but another file of old Office")
    return Message.load(data)


def _document_of(message: EmailMessage, source: str) -> Document:
    if not any(name in message for name in _KNOWN_HEADERS):
        raise DocumentError("is no e-mail: it has no headers")
    texts: list[str] = []
    attachments: list[str] = []
    # Walked by hand: the package's own walk goes down by recursion, and into attached messages.
    parts: list[tuple[EmailMessage, int]] = [(message, 0)]
    while parts:
        part, depth = parts.pop()
        if depth > _MAX_DEPTH:
            raise DocumentError("is no sound e-mail: its parts are nested too deeply")
        kind = part.get_content_type()
        if kind == "multipart/encrypted" or part.get_param("smime-type") == "enveloped-data":
            raise DocumentError(_ENCRYPTED)
        if depth and (part.is_attachment() or kind == "message/rfc822" or part.get_filename()):
            attachments.append(inline(part.get_filename() or _subject_of(part) or kind))
        elif part.is_multipart():
            children = [child for child in part.iter_parts() if isinstance(child, EmailMessage)]
            chosen = _best_of(children) if kind == "multipart/alternative" else children
            parts.extend((child, depth + 1) for child in reversed(chosen))
        elif part.get_content_maintype() == "text":
            texts.append(_text_of(part))
    header = {name: str(message.get(name, "")) for name in ("Subject", "From", "Date", "Content-Language")}
    name, address = parseaddr(header["From"])
    return Document.of(
        _with_attachments(texts, attachments),
        title=inline(header["Subject"])[:MAX_TITLE_CHARS] or readable_name(source),
        source=source,
        author=inline(name or address) or None,
        published=_day_of(header["Date"]),
        language=read_language(header["Content-Language"].partition(",")[0]),
    )


def _best_of(alternatives: list[EmailMessage]) -> list[EmailMessage]:
    """Choose of versions of one text: the plain one unless it is empty, else the last, which is the richest."""
    plain = [part for part in alternatives if part.get_content_type() == "text/plain" and _text_of(part)]
    return plain[:1] or alternatives[-1:]


def _text_of(part: EmailMessage) -> str:
    payload = part.get_payload(decode=True)
    text = _decoded(payload if isinstance(payload, bytes) else b"", part.get_content_charset())
    if part.get_content_subtype() == "html":
        return html_to_text(text)
    if part.get_param("format") == "flowed":
        text = re.sub(r"(?m)^(?!-- $)(.*\S) \r?\n(?!>|\s|-- |$)", r"\1 ", text)
    return _paragraphs(text)


def _paragraphs(text: str) -> str:
    return join_blocks(map(paragraph, re.split(r"\n[^\S\n]*\n", text.replace("\r\n", "\n").replace("\r", "\n"))))


def _decoded(data: bytes, charset: str | None) -> str:
    """Decode as the message says, or, where that fails, as the bytes look; UTF-8 may have a few broken characters."""
    charset = (charset or "").lower()
    try:
        return data.decode(_WIDER.get(charset, charset or "utf-8"))
    except (LookupError, ValueError):
        lenient = data.decode("utf-8", errors="replace")
        few_broken = lenient.count("\ufffd") * 5 < sum(not char.isascii() for char in lenient)
        return lenient if few_broken and b"\0" not in data else decode(data)


def _with_attachments(texts: Iterable[str], names: list[str]) -> str:
    text = join_blocks(texts)
    listed = ", ".join(filter(None, names))
    if not text:
        raise DocumentError(
            f"holds no text, only attachments ({brief(listed)})" if listed else "is an e-mail without text"
        )
    return f"{text}\n\nAttachments: {listed}" if listed else text


def _subject_of(part: EmailMessage) -> str:
    """Return what an attached message is about."""
    inner = next(iter(part.iter_parts()), None) if part.is_multipart() else None
    return str(inner["Subject"] or "") if inner else ""


def _day_of(header: str) -> date | None:
    """Return the day that is written in a header: a time zone does not move it."""
    try:
        return parsedate_to_datetime(header).date()
    except (ValueError, TypeError, IndexError, OverflowError):
        day = None
    return day


def _document_of_msg(message: Message, source: str) -> Document:
    text = _paragraphs(message.body or "") or html_to_text(message.html_body or "")
    names = [inline(attachment.file_name or "") for attachment in message.attachments]
    if not text and message.properties.binary_prop_value(_RTF_BODY):
        raise DocumentError("holds its text as RTF only; open it and save it as .eml or .rtf")
    if message.message_class.upper().startswith("IPM.NOTE.SMIME") and not text:
        raise DocumentError(_ENCRYPTED)
    name, address = parseaddr(message.sender or "")
    sent = message.sent_date
    return Document.of(
        _with_attachments([text], names),
        title=inline(message.subject or "")[:MAX_TITLE_CHARS] or readable_name(source),
        source=source,
        author=inline(name or address or message.sender or "") or None,
        published=_day_of(message.message_headers.get("Date", "")) or (sent.date() if sent else None),
    )
