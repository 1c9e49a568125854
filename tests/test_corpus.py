"""The documents that ship: each can be read, says what it is, and its day is a day. Their words are not compared."""

from datetime import date
from pathlib import Path

import frontmatter
import pytest

from ingest.readers import read_bytes
from ingest.split import split

CORPUS = Path(__file__).parent.parent / "corpus"
FILES = sorted(path for path in CORPUS.glob("*.md") if path.name != "README.md")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_document_of_the_corpus_parses(path):
    document = read_bytes(path.read_bytes(), path, source=path.name)
    assert document.title
    assert isinstance(document.published, date)
    assert split(document, passage_tokens=200)
    metadata = frontmatter.load(str(path)).metadata
    assert metadata["basis"]
    assert metadata["language"] == document.language


def test_five_articles_are_there_and_two_of_them_in_chinese():
    assert len(FILES) == 7
    assert sum(path.name.endswith(".zh.md") for path in FILES) == 2
    assert (CORPUS / "README.md").is_file()
