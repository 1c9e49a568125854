"""Loads what a child needs, once for all of them; it is imported by the process that they are forked from."""

import importlib

from ingest.split import split
from rag.types import Document
from tests.fakes import FakeEmbedder
from tests.faults import acts

importlib.import_module("chromadb")
importlib.import_module("chromadb.api.rust")
document = Document.of(acts.text_of(1, 1), title="A report")
FakeEmbedder().embed([passage.text for passage in split(document, passage_tokens=acts.CONFIG.split.passage_tokens)])
