"""Bytes become the text that was written, or a reason why not."""

import codecs
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.encodings import decode
from rag.errors import DocumentError

CHINESE = "国务院总理在江苏省考察时指出，要因地制宜发展新质生产力，推动传统产业转型升级。"
TAIWANESE = "行政院院長今天在記者會上表示，政府將持續推動能源轉型，並加強與各國的經貿合作關係。"
JAPANESE = "昨日の午後、東京都内で大規模な会議が開かれ、各国の代表が対策について話し合いました。"
KOREAN = "어제 오후 서울에서 열린 회의에서 각국 대표들은 기후 변화에 대한 대책을 논의했습니다."
RUSSIAN = "Мы долго шли по лесу, пока не увидели маленький дом на берегу реки."
GERMAN = "Früher gingen wir über die Brücke zum Markt, kauften Äpfel und „süße“ Brötchen – für 5 €."
FRENCH = "L’opposition a déjà annoncé qu’elle s’y opposerait ; le gâteau était très sucré."
POLISH = "Rząd przyjął wczoraj projekt ustawy, która ma ułatwić młodym ludziom zakup pierwszego mieszkania."
TURKISH = "Hükümet dün gençlerin ilk evlerini satın almasını kolaylaştıracak yasa tasarısını kabul etti."
GREEK = "Η κυβέρνηση ανακοίνωσε χθες νέα μέτρα για την ενίσχυση της οικονομίας και την προστασία."


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (CHINESE, "gb18030"),
        (TAIWANESE, "big5"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
        (JAPANESE, "iso2022_jp"),
        (KOREAN, "euc_kr"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8_r"),
        (RUSSIAN, "cp866"),
        (GERMAN, "cp1252"),
        (FRENCH, "cp1252"),
        (POLISH, "cp1250"),
        (POLISH, "iso8859_2"),
        (TURKISH, "cp1254"),
        (GREEK, "cp1253"),
    ],
)
def test_a_text_in_an_older_encoding_is_read_as_it_was_written(text, encoding):
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *((CHINESE[start : start + 20], "gb18030") for start in range(0, 20, 4)),
        *((JAPANESE[start : start + 20], "shift_jis") for start in range(0, 20, 4)),
        ("10 °C", "cp1252"),
        ("Müller & Söhne", "cp1252"),
    ],
)
def test_a_few_words_are_enough(text, encoding):
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("да", "cp1251"),
        ("МОСКВА", "cp1251"),
        ("Привет, мир! Как дела?", "koi8_r"),
        ("שלום עולם, מה שלומך היום", "cp1255"),
        ("İstanbul", "cp1254"),
        ("Őszi szél fúj", "cp1250"),
        ("café", "cp850"),
        ("It’s fine", "mac_roman"),
        ("你好", "gb18030"),
        ("안녕하세요", "euc_kr"),
    ],
)
def test_a_text_too_short_to_tell_its_encoding_is_refused(text, encoding):
    with pytest.raises(DocumentError, match="cannot be told for certain"):
        decode(text.encode(encoding))


@pytest.mark.parametrize(
    "text",
    [
        "El niño comió piñas en España y después se fue a dormir a la casa de su abuela, que vivía lejos.",
        "Så åt han på øya, og været var godt, men båten kom ikke før dagen etter at hun hadde reist hjem.",
        "A situação económica não é boa, mas o governo português disse que vão melhorar as condições.",
        "Il governo ha detto che la città è pronta, perché così si può lavorare più velocemente di prima.",
        "Hallitus päätti eilen, että nuorten ensimmäisen asunnon ostoa helpotetaan ensi vuoden alussa.",
    ],
)
def test_a_western_text_is_not_taken_for_one_of_central_europe(text):
    assert decode(text.encode("cp1252")) == text


def test_the_language_tells_code_pages_of_latin_letters_apart():
    czech = "Vláda včera schválila návrh zákona, který má mladým lidem usnadnit koupi prvního bytu."
    assert decode(czech.encode("cp1250")) == czech


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_unicode_is_read_without_its_mark(encoding):
    assert decode(CHINESE.encode(encoding)) == CHINESE


def test_a_long_text_is_told_by_its_beginning_and_read_to_its_end():
    text = CHINESE * 3_000
    assert decode(text.encode("gb18030")) == text


def test_ascii_words_among_chinese_are_no_obstacle():
    text = "使用 iPhone 15 Pro 拍摄，see https://example.com/a?b=c for details 相机设置"
    assert decode(text.encode("gb18030")) == text


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"PK\x03\x04\0\0", "is not text: it holds NUL bytes"),
        (codecs.BOM_UTF16_LE + b"a\0\0\0", "is not text: it holds NUL characters"),
        (b"\x89PNG\r\n\x1a\n\x01\x02\x05" * 9, "is not text: it holds bytes that no text has"),
        (bytes(range(0x80, 0x100)) * 4, "is in an encoding that cannot be told for certain; save it as UTF-8"),
        (codecs.BOM_UTF16_LE + b"a\0b", "is not UTF-16: byte 0x62 at offset 4; save it as UTF-8"),
        (GERMAN.encode() * 9 + b"\xff", f"is not UTF-8: byte 0xff at offset {len(GERMAN.encode()) * 9}"),
    ],
)
def test_what_cannot_be_read_for_certain_is_refused_with_the_reason(data, reason):
    with pytest.raises(DocumentError) as error:
        decode(data)
    assert str(error.value).startswith(reason)


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_utf8_is_never_taken_for_anything_else(text):
    if "\x1b$" not in text:
        assert decode(text.encode()) == text.removeprefix("\ufeff")


@given(st.binary(max_size=400))
def test_any_bytes_are_text_or_an_error_of_ours(data):
    with suppress(DocumentError):
        assert "\0" not in decode(data)
