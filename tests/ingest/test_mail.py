"""E-mail becomes its text, with a line that names what was attached."""

import struct
from contextlib import suppress
from datetime import date
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.mail import parse_eml, parse_msg
from rag.errors import DocumentError

TEXT = "The town bought forty robots.\n\nNobody was dismissed.\n\nOn Monday, Bo Wu wrote:\n> How many?"


def mail(text=TEXT, *, attached=(), page=None, **headers):
    message = EmailMessage()
    known = {
        "Subject": "Robots at work",
        "From": "Ann Lee <ann@bolt.example>",
        "Date": "Wed, 6 Mar 2024 23:30:00 -0500",
    }
    for name, value in (known | headers).items():
        message[name] = value
    if text is not None:
        message.set_content(text)
    if page:
        message.add_alternative(page, subtype="html") if text is not None else message.set_content(page, subtype="html")
    for name in attached:
        message.add_attachment(b"data", maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def eml(data):
    return parse_eml(data, source="inbox/my_mail.eml")


def raw(*lines):
    return eml("\r\n".join(lines).encode("utf-8", "surrogateescape"))


def test_the_plain_text_is_read_and_replies_stay():
    assert eml(mail()).text == TEXT


def test_the_headers_give_title_author_and_the_day_as_written():
    message = eml(b"Content-Language: de-DE\n" + mail())
    assert (message.title, message.author, message.published) == ("Robots at work", "Ann Lee", date(2024, 3, 6))
    assert message.language == "de"


def test_a_sender_without_a_name_is_their_address():
    assert eml(mail(From="ann@bolt.example")).author == "ann@bolt.example"


def test_an_email_without_subject_or_day_has_the_name_of_its_file():
    message = raw("From: a@b.example", "Date: yesterday", "", "Text")
    assert (message.title, message.published) == ("my mail", None)


def test_attachments_are_named_in_the_last_line_and_not_read():
    text = eml(mail(attached=("report.pdf", "表格.docx"))).text
    assert text.endswith("\n\nAttachments: report.pdf, 表格.docx")
    assert "data" not in text


def test_an_attached_email_is_named_and_not_read():
    message, inner = EmailMessage(), EmailMessage()
    inner["Subject"] = "What you asked"
    inner.set_content("Secret.")
    message["From"] = "a@b.example"
    message.set_content("See below.")
    message.add_attachment(inner)
    assert eml(message.as_bytes()).text == "See below.\n\nAttachments: What you asked"


def test_of_two_versions_the_plain_one_is_read():
    assert eml(mail("Plain.", page="<p>Rich.</p>")).text == "Plain."


@pytest.mark.parametrize("text", [None, " \n"])
def test_without_plain_text_the_page_is_read(text):
    page = "<style>x</style><h1>News</h1><table><tr><td><p>One.</p><p>Two.</p></td></tr></table><p>Three<br>four"
    assert eml(mail(text, page=page)).text == "# News\n\nOne.\n\nTwo.\n\nThree\nfour"


def test_flowed_lines_are_one_paragraph():
    kind = "Content-Type: text/plain; format=flowed"
    assert raw("From: a@b.example", kind, "", "A long ", "line.", "> quoted ", "> more").text.startswith(
        "A long line.\n>"
    )


@pytest.mark.parametrize(
    ("subject", "title"),
    [
        ("=?utf-8?B?5paw6LSo55Sf5Lqn5Yqb?=", "新质生产力"),
        ("=?gb2312?B?0MLWyg==?= =?gb2312?B?yfqy+sGm?=", "新质生产力"),
        ("=?iso-8859-1?Q?Gr=FC=DFe?=", "Grüße"),
        ("=?no-such?Q?x?=", "x"),
    ],
)
def test_encoded_headers_are_decoded(subject, title):
    assert raw("From: a@b.example", f"Subject: {subject}", "", "Text").title == title


def test_headers_in_raw_bytes_are_decoded():
    data = "From: 王 <a@b.example>\r\nSubject: 国务院总理在江苏省考察\r\n\r\n正文在此，请查收。".encode("gb18030")
    assert (eml(data).title, eml(data).text) == ("国务院总理在江苏省考察", "正文在此，请查收。")


def test_a_broken_character_or_header_does_not_stop_the_reading():
    data = b"From: \xff\x80\x01 <\nSubject: a\0b\nContent-Type: text/plain; charset=utf-8\n\n" + "Grüße – ".encode() * 9
    assert eml(data + b"\xff").text.endswith("Grüße – \ufffd")


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [("gb2312", "gb18030"), ("iso-8859-1", "cp1252"), ("us-ascii", "utf-8"), ("no-such", "utf-8"), ("rot13", "utf-8")],
)
def test_a_charset_that_is_wrong_or_unknown_does_not_stop_the_reading(charset, encoding):
    text = "“喆”" if encoding == "gb18030" else "“Grüße” – 5 €"
    head = f"From: a@b.example\nContent-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: 8bit\n\n"
    assert eml(head.encode() + text.encode(encoding)).text == text


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"only text, no headers", "is no e-mail: it has no headers"),
        (b"From: a@b.example\n\n", "is an e-mail without text"),
        (mail(None, attached=["a.pdf"]), "holds no text, only attachments (a.pdf)"),
        (b"From: a@b.example\nContent-Type: multipart/encrypted; boundary=x\n\n--x--", "is encrypted"),
        (b"From: a@b.example\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data\n\nx", "is encrypted"),
    ],
)
def test_an_email_that_cannot_be_read_says_why(data, reason):
    with pytest.raises(DocumentError) as error:
        eml(data)
    assert str(error.value).startswith(reason)


@pytest.mark.parametrize("depth", [30, 3_000])
def test_parts_nested_without_end_are_refused(depth):
    nested = (f"Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n" for level in range(depth))
    with pytest.raises(DocumentError, match="nested too deeply"):
        eml(("From: a@b.example\n" + "".join(nested) + "\nText").encode())


@pytest.mark.parametrize("filler", ["x", "x ", "(", "=?utf-8?q?x?= ", "<", '"', "@", ",", "\n "])
@pytest.mark.parametrize("name", ["Subject", "From", "Date", "Content-Type", "Content-Disposition"])
def test_a_huge_header_costs_little(name, filler):
    data = f"X-A: b\nTo: c@d.example\n{name}: {filler * 100_000}\n\nText".encode()
    with suppress(DocumentError):
        assert eml(data).text.startswith(("Text", "#"))


# --- Outlook

UNICODE, BINARY, TIME = 0x001F, 0x0102, 0x0040
SUBJECT, BODY, NAME, ADDRESS, HTML, RTF, SENT = 0x0037, 0x1000, 0x0C1A, 0x0C1F, 0x1013, 0x1009, 0x0039
LONG_NAME, CODE_PAGE = 0x3707, 0x3FDE
STORAGE, STREAM, ROOT = 1, 2, 5
FREE, END = 0xFFFFFFFF, 0xFFFFFFFE


def properties(values, *, header):
    """Write the streams of one object: its variable properties, and the table that lists all."""
    table, streams = b"\0" * header, {}
    for (number, kind), value in values.items():
        if isinstance(value, int):
            table += struct.pack("<HHIQ", kind, number, 6, value)
            continue
        content = value.encode("utf-16-le") if isinstance(value, str) else value
        streams[f"__substg1.0_{number:04X}{kind:04X}"] = content
        table += struct.pack("<HHIII", kind, number, 6, len(content), 0)
    return streams | {"__properties_version1.0": table}


def compound_file(tree):
    """Write a compound file, small streams in a mini stream: the least of MS-CFB that readers take."""
    entries, mini, mini_fat = [["Root Entry", ROOT, FREE, 0, 0, FREE]], b"", []

    def add(children):
        first = FREE
        for name, value in children.items():  # siblings as a chain to the right
            at = len(entries)
            entries.append([name, STORAGE if isinstance(value, dict) else STREAM, FREE, 0, 0, first])
            if isinstance(value, dict):
                entries[at][2] = add(value)
            else:
                nonlocal mini
                entries[at][3:5] = [len(mini) // 64 if value else END, len(value)]
                blocks = -(-len(value) // 64)
                mini_fat.extend([*range(len(mini) // 64 + 1, len(mini) // 64 + blocks), END][:blocks])
                mini += value.ljust(blocks * 64, b"\0")
            first = at
        return first

    entries[0][2] = add(tree)
    directory = b""
    for name, kind, child, start, size, sibling in entries:
        title = (name + "\0").encode("utf-16-le")
        directory += title.ljust(64, b"\0") + struct.pack("<HBBIII", len(title), kind, 1, FREE, sibling, child)
        directory += b"\0" * 36 + struct.pack("<IQ", start, size)
    parts = [directory, struct.pack(f"<{len(mini_fat)}I", *mini_fat), mini]
    sizes = [-(-len(part) // 512) for part in parts]
    begins = [1, 1 + sizes[0], 1 + sizes[0] + sizes[1]]
    fat = [0xFFFFFFFD]
    for begin, size in zip(begins, sizes, strict=True):
        fat += [*range(begin + 1, begin + size), END]
    directory = bytearray(directory.ljust(sizes[0] * 512, b"\0"))
    directory[116:128] = struct.pack("<IQ", begins[2], len(mini))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + struct.pack("<HHHHH", 62, 3, 0xFFFE, 9, 6) + b"\0" * 6
    head += struct.pack("<IIIIIIIIII", 0, 1, begins[0], 0, 4096, begins[1], sizes[1], END, 0, 0)
    head += struct.pack("<108I", *([FREE] * 108))
    fat_bytes = struct.pack(f"<{len(fat)}I", *fat).ljust(512, b"\xff")
    body = [
        part.ljust(size * 512, b"\xff" if at == 1 else b"\0")
        for at, (part, size) in enumerate(zip(parts, sizes, strict=True))
    ]
    return head + fat_bytes + bytes(directory) + body[1] + body[2]


SAID = {(SUBJECT, UNICODE): "Robots at work", (NAME, UNICODE): "Ann Lee", (ADDRESS, UNICODE): "ann@bolt.example",
        (SENT, TIME): 133542000000000000}  # fmt: skip


def outlook(values, *attached):
    files = {
        f"__attach_version1.0_#{at:08X}": properties({(LONG_NAME, UNICODE): name}, header=8)
        for at, name in enumerate(attached)
    }
    return compound_file(properties(SAID | values, header=32) | files)


def msg(data):
    return parse_msg(data, source="inbox/my_mail.msg")


def test_an_outlook_message_is_read_like_any_other():
    message = msg(outlook({(BODY, UNICODE): TEXT}, "报告.pdf"))
    assert message.text == f"{TEXT}\n\nAttachments: 报告.pdf"
    assert (message.title, message.author, message.published) == ("Robots at work", "Ann Lee", date(2024, 3, 6))


def test_the_page_of_an_outlook_message_is_read_where_it_has_no_plain_text():
    page = "<p>Grüße</p><p>Ann</p>".encode()
    assert msg(outlook({(HTML, BINARY): page, (CODE_PAGE, 3): 65001})).text == "Grüße\n\nAnn"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (mail(), "is no Outlook message; if it is an e-mail, rename it to .eml"),
        (compound_file({"WordDocument": b"x"}), "is no Outlook message, but another file of old Office"),
        (outlook({(RTF, BINARY): b"x"}), "holds its text as RTF only"),
        (outlook({}), "is an e-mail without text"),
        (outlook({})[:700], "is no sound Outlook message"),
    ],
)
def test_an_outlook_message_that_cannot_be_read_says_why(data, reason):
    with pytest.raises(DocumentError) as error:
        msg(data)
    assert str(error.value).startswith(reason)


GOOD = [
    (eml, mail("Plain.", page="<p>Rich.</p>", attached=["a.pdf"])),
    (msg, outlook({(BODY, UNICODE): TEXT}, "a.pdf")),
]


@given(st.data())
def test_a_damaged_message_is_a_document_or_an_error_of_ours(data):
    parse, good = data.draw(st.sampled_from(GOOD))
    damaged = bytearray(good[: data.draw(st.integers(0, len(good)) | st.just(len(good)))])
    for at in data.draw(st.lists(st.integers(0, max(0, len(damaged) - 1)), max_size=8)) if damaged else ():
        damaged[at] ^= 1 << data.draw(st.integers(0, 7))
    with suppress(DocumentError):
        parse(bytes(damaged))


@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"From: a@b\n", b"From: a\nContent-Type: ", b"Date: ", b"Subject: =?"]),
)
def test_any_bytes_are_an_email_or_an_error_of_ours(content, start):
    with suppress(DocumentError):
        eml(start + content)
