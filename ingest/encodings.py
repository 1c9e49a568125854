"""Bytes to text: UTF-8 and UTF-16 by rule, every older encoding by what the text then looks like.

An encoding that is guessed wrong would put wrong characters into quotations. So a guess is held against the text that
it gives, and where none looks like writing the file is refused.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, NamedTuple

from rag.errors import DocumentError
from rag.text import detect_language

if TYPE_CHECKING:
    from collections.abc import Callable

_BOMS = {
    codecs.BOM_UTF8: "UTF-8",
    codecs.BOM_UTF32_LE: "UTF-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
_ISO_2022_JP = (b"\x1b$B", b"\x1b$@")
# No text holds these; tab, line ends, form feed, the end mark of DOS and escape it may.
_CONTROLS = re.compile(rb"[\x01-\x08\x0b\x0e-\x19\x1c-\x1f\x7f]")
_SAMPLE_BYTES = 50_000
_MAX_CONTROLS = 0.001

_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_KANA = re.compile("[\u3041-\u30fe]")
_HANGUL = re.compile("[\uac00-\ud7a3]")
_PUNCTUATION = re.compile("[\u00b7\u2010-\u203b\u3000-\u3020\uff01-\uff5e]")
# The lead bytes of the common characters, as the standards order them (GB 2312, Big5, JIS X 0208: level 1).
_FIRST_LEVELS = {"gb2312": (0xB0, 0xD7), "big5": (0xA4, 0xC6), "euc_jp": (0xB0, 0xCF)}
# A share of usual characters that the right encoding reaches even in 20 characters, and that no wrong one does.
_MIN_USUAL, _MIN_KANA, _MIN_HANGUL = 0.85, 0.1, 0.95
# With fewer, Korean passes for Chinese, and Russian for Greek, Thai or Hebrew.
_MIN_WIDE_ASIAN, _MIN_WIDE = 8, 50

# Of equally plausible ones the first. The pages of Greek, Hebrew, Arabic, Thai and others are tried where
# charset-normalizer proposes them: read wrongly, they look like anything.
_ALPHABETS = ("cp1252", "cp1250", "iso8859_2", "cp850", "cp1251", "koi8_u", "cp866", "iso8859_5", "cp1254", "cp1257")
_PROPOSED = (*_ALPHABETS, "cp1253", "cp1255", "cp1256", "cp874", "iso8859_7", "iso8859_8")
# Pages of Latin letters, and the languages that need one: where one page has their letters, cp1252 has others, all of
# them plausible, so that only the language tells.
_CENTRAL, _BALTIC = {"pl", "cs", "sk", "hu", "sl", "hr", "bs", "ro"}, {"lt", "lv"}
_LATIN: dict[str, set[str]] = {
    "cp1250": _CENTRAL,
    "iso8859_2": _CENTRAL,
    "cp1257": _BALTIC,
    "cp1254": {"tr"},
    "cp1252": set(),
    "cp850": set(),
}
_IN_LATIN_WORD = re.compile(r"(?<=[a-z])[\u3400-\ud7a3]|[\u3400-\ud7a3](?=[a-z])")
_MIN_LETTERS = 60
_UNTOLD = "is in an encoding that cannot be told for certain; save it as UTF-8"
_MAX_STRANGE = 0.1

_LETTERS = [chr(code) for code in range(0xC0, 0x590)]
_SMALL, _CAPITAL = ("".join(filter(test, _LETTERS)) for test in (str.islower, str.isupper))
# Apostrophes, hyphens, and the vowel marks of other scripts.
_IN_WORDS = "’'·\\-\u00ad\u2010-\u2015…\u0300-\u036f\u0591-\u05c7\u064b-\u0652\u0e31-\u0e4e"
_STRANGE = re.compile(
    r"[\x80-\x9f\u2500-\u25ff]"  # controls, box drawing
    rf"|(?<=[^\W\d_])(?![{_IN_WORDS}])[^\w\s\x00-\x7f](?=[^\W\d_])"  # a symbol inside a word
    rf"|(?<=[a-z{_SMALL}])[{_CAPITAL}]|(?<=[{_SMALL}])[A-Z]"
    r"|(?<=[^\W\d_])[¹²³¼½¾](?=[^\W\d_])"
    r"|(?<=[A-Za-z])[\u0370-\u0fff]|[\u0370-\u0fff](?=[A-Za-z])"  # two alphabets in one word
    r"|[\u00a1-\u00bf]{2,}"  # symbols in a row
    r"|[\u00aa-\u024f]{4,}"  # accented letters alone make no word
)
_CHARS_TO_BELIEVE = {"cp1252": 1, "koi8_u": 8, "cp1251": 8}


class _Guess(NamedTuple):
    """How strange a text looks in an encoding; the lowest is the best."""

    strange: float
    capitals: int
    not_proposed: bool
    rank: int
    encoding: str


def decode(data: bytes) -> str:
    """Decode text: Unicode with a byte-order mark, UTF-8, else the older encoding in which it looks like writing.

    Older ones are GB18030, Big5, Shift-JIS, EUC-JP, ISO-2022-JP, EUC-KR, and the code pages of the alphabets. A text in
    one of them that is too short to tell it from others is refused.

    Raises:
        DocumentError: it is no text, is broken, or its encoding cannot be told.
    """
    marked = next((encoding for mark, encoding in _BOMS.items() if data.startswith(mark)), None)
    if not marked and b"\0" in data:
        raise DocumentError("is not text: it holds NUL bytes")
    if not marked and any(mark in data for mark in _ISO_2022_JP):
        marked = "iso2022_jp"
    try:
        text = data.decode(marked or "UTF-8")
    except UnicodeDecodeError as error:
        if marked:
            at = f"byte {data[error.start]:#04x} at offset {error.start}"
            raise DocumentError(
                f"is not {marked.replace('iso2022_jp', 'ISO-2022-JP')}: {at}; save it as UTF-8"
            ) from error
        text = _decode_older(data)
    if "\0" in text:
        raise DocumentError("is not text: it holds NUL characters")
    return text.removeprefix("\ufeff")


def _decode_older(data: bytes) -> str:
    sample = data[:_SAMPLE_BYTES]
    if len(_CONTROLS.findall(sample)) > len(sample) * _MAX_CONTROLS:
        raise DocumentError("is not text: it holds bytes that no text has")
    _refuse_broken_utf8(data)
    encoding = _asian(sample) or _of_an_alphabet(sample)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        seen = f"it begins as {encoding.upper()}, but byte {data[error.start]:#04x} at offset {error.start} is not"
        raise DocumentError(f"is in an encoding that cannot be told: {seen}; save it as UTF-8") from error


def _refuse_broken_utf8(data: bytes) -> None:
    """Refuse what is UTF-8 but for a few bytes: read as anything else, all its letters would be wrong."""
    text = data.decode("UTF-8", errors="replace")
    broken = text.count("\ufffd")
    if broken * 5 < len(_NOT_ASCII.findall(text)):
        at = len(text[: text.index("\ufffd")].encode())
        raise DocumentError(f"is not UTF-8: byte {data[at]:#04x} at offset {at}; save it as UTF-8")


def _asian(data: bytes) -> str | None:
    """Return the encoding in which nearly all that is not ASCII is usual in Chinese, Japanese or Korean.

    Raises:
        DocumentError: it is, but too little to tell which.
    """
    tests: dict[str, Callable[[str], float]] = {
        "cp949": _usual_korean,
        "cp932": _usual_japanese,
        "euc_jp": _usual_japanese,
        "gb18030": lambda wide: _usual_chinese(wide, "gb2312"),
        "big5": lambda wide: _usual_chinese(wide, "big5"),
    }
    shares, n_wide = {}, {}
    for encoding, usual in tests.items():
        text = _decode_sample(data, encoding)
        wide = "".join(_NOT_ASCII.findall(text))
        n_wide[encoding] = len(wide)
        in_words = len(_IN_LATIN_WORD.findall(text)) * 2 > len(wide)
        shares[encoding] = 0.0 if in_words or not wide else usual(wide)
    best = max(shares, key=lambda encoding: shares[encoding])
    if shares[best] < _MIN_USUAL or _is_flawless(data):
        return None
    if n_wide[best] < _MIN_WIDE_ASIAN:
        raise DocumentError(_UNTOLD)
    return best


def _is_flawless(data: bytes) -> bool:
    """Tell whether a text is flawless Latin or Russian, which may pass for Chinese: "10 °C", words of even length.

    Chinese is never flawless in those; but a single word may be by chance, so that Russian must be longer.
    """
    texts = {encoding: _decode_sample(data, encoding) for encoding in _CHARS_TO_BELIEVE}
    wide = {encoding: len(_NOT_ASCII.findall(text)) for encoding, text in texts.items() if not _STRANGE.search(text)}
    return any(count >= _CHARS_TO_BELIEVE[encoding] for encoding, count in wide.items())


def _decode_sample(data: bytes, encoding: str) -> str:
    """Decode the beginning of a text, of which the last character may be cut; nothing where it is not so encoded."""
    try:
        return codecs.getincrementaldecoder(encoding)().decode(data, final=len(data) < _SAMPLE_BYTES)
    except UnicodeDecodeError:
        return ""


def _usual_chinese(wide: str, charset: str) -> float:
    """Return the share of characters that are punctuation or of the first level of a charset, its common ones."""
    codes = (char.encode(charset, errors="ignore") for char in wide)
    first, last = _FIRST_LEVELS[charset]
    usual = sum(len(code) == 2 and first <= code[0] <= last for code in codes)  # noqa: PLR2004 (two bytes)
    return (usual + len(_PUNCTUATION.findall(wide))) / len(wide)


def _usual_japanese(wide: str) -> float:
    """Return the same for Japanese; without kana, none is."""
    kana = len(_KANA.findall(wide))
    return _usual_chinese(_KANA.sub("。", wide), "euc_jp") if kana >= len(wide) * _MIN_KANA else 0.0


def _usual_korean(wide: str) -> float:
    """Return 1 where nearly all are Hangul: among the bytes of Chinese, many would be, but never nearly all."""
    codes = (char.encode("euc_kr", errors="ignore") for char in _HANGUL.findall(wide))
    usual = sum(len(code) == 2 for code in codes) + len(_PUNCTUATION.findall(wide))  # noqa: PLR2004 (two bytes)
    return float(usual >= len(wide) * _MIN_HANGUL)


def _of_an_alphabet(data: bytes) -> str:
    """Return the code page in which a text looks least strange.

    Raises:
        DocumentError: it looks strange in all of them, or is too short to tell.
    """
    # Slow to import, and most files are UTF-8.
    from charset_normalizer import from_bytes

    proposed = from_bytes(data, cp_isolation=list(_PROPOSED)).best()
    proposal = proposed.encoding if proposed else ""
    guesses = []
    for rank, encoding in enumerate(dict.fromkeys(filter(None, (*_ALPHABETS, proposal)))):
        wide = _NOT_ASCII.findall(text := _decode_sample(data, encoding))
        if wide:
            strange = sum(len(found[0]) for found in _STRANGE.finditer(text))
            capitals = sum(char.isupper() for char in wide)
            guesses.append(_Guess(strange / len(wide), capitals, encoding != proposal, rank, encoding))
    best = min(guesses, default=None)
    if not best or best.strange > _MAX_STRANGE:
        raise DocumentError(_UNTOLD)
    equal = [guess.encoding for guess in guesses if guess.strange == best.strange]
    if any(encoding in _LATIN for encoding in equal):
        return _latin(data, equal)
    if len(_NOT_ASCII.findall(_decode_sample(data, best.encoding))) < _MIN_WIDE:
        raise DocumentError(_UNTOLD)
    return best.encoding


def _latin(data: bytes, equal: list[str]) -> str:
    """Tell the code pages of Latin letters apart, of those in which a text looks equally well: by its language.

    Raises:
        DocumentError: it is too short to have a language, and the pages give different letters.
    """
    texts = {encoding: _decode_sample(data, encoding) for encoding in equal}
    for encoding, languages in _LATIN.items():
        if languages and encoding in texts and detect_language(texts[encoding]) in languages:
            return encoding
    first = next(encoding for encoding in equal if encoding in _LATIN)
    is_short = sum(char.isalpha() for char in texts[first]) < _MIN_LETTERS
    if is_short and (first != "cp1252" or len(set(texts.values())) > 1):
        raise DocumentError(_UNTOLD)
    return first
