"""What children do to an index, and how it is looked at afterwards. The same settings for all of them."""

import itertools
import os
import random
import threading
import time
from pathlib import Path

import ingest.intake
import rag.doctor
import rag.graph_files
import rag.snapshot
import rag.vectors
import rag.writer
from ingest import ingest as bring_in
from ingest import rebuild as make_anew
from ingest import remove as drop
from ingest.split import split
from rag.app import Assistant
from rag.config import Config, Reading, Split
from rag.errors import FootnoteError, HalfSaved, IndexDamaged, IndexMissing, UnknownDocument
from rag.graph_files import GraphFiles
from rag.indexes import Index
from rag.lexical import Lexical
from rag.library import Library
from rag.types import Document, Filters, Passage
from rag.vectors import Vectors
from rag.writer import Writer
from tests.fakes import FakeEmbedder, RefusingEmbedder
from tests.faults.children import end_now, tell

CONFIG = Config(split=Split(passage_tokens=40), reader=Reading(model="none"))
# Small steps and frequent saving, so that few documents go through every stage many times.
_STEP_PASSAGES = 16
_SAVE_EVERY = 40
_NOBODY = 65534
STEPS = {
    "keep_vectors": (Library, "keep_vectors"),
    "add_pending": (Library, "add_pending"),
    "dense write": (Vectors, "add"),
    "lexical write": (Lexical, "change"),
    "publish": (Library, "publish"),
    "dense removal": (Vectors, "remove"),
    "forget": (Library, "forget"),
    "mark": (Library, "note"),
    "note": (GraphFiles, "note"),
    "settle": (Vectors, "settle"),
    "make mirrors": (Writer, "create"),
    "replace_passages": (Library, "replace_passages"),
    "adopt": (Library, "adopt"),
}


def text_of(number, version):
    """The text of a document: some passages, each of which names its document and version."""
    sentences = [
        f"Report {number}, version {version}, item {item}: the quantity was {number * item + version} tonnes of coal."
        for item in range(5)
    ]
    return " ".join(sentences) + "\n"


def _hasten():
    ingest.intake._STEP_PASSAGES = _STEP_PASSAGES
    rag.vectors._SAVE_EVERY = _SAVE_EVERY


def ingest_all(folder, root):
    """Bring an index in step with its folder."""
    _hasten()
    report = bring_in([folder], root, config=CONFIG, embedder=FakeEmbedder())
    assert not report.failed, report.failed


def remove_some(names, root):
    """Remove documents, unless the command that was interrupted has."""
    _hasten()
    try:
        drop(names, root, config=CONFIG)
    except UnknownDocument:
        known = Library(Path(root) / "library.db").sources()
        assert not known.keys() & set(names), "a removal was done in part"


def rebuild_all(root):
    """Make the mirrors anew."""
    _hasten()
    make_anew(root, config=CONFIG, embedder=RefusingEmbedder())


def take_snapshot(root, file):
    """Copy the index into a file."""
    rag.snapshot.snapshot(root, file)


def restore_from(file, root):
    """Make the index what it was in a snapshot."""
    _hasten()
    rag.snapshot.restore(file, root, config=CONFIG)


def killed_at(step, when, act, values):
    """Do something, and end as by `kill -9` before or after the n-th call of a step; `when` is ("before", n)."""
    owner, name = STEPS[step]
    original = getattr(owner, name)
    side, wanted = when
    calls = itertools.count(1)

    def step_and_end(*args, **kwargs):
        now = next(calls) == wanted
        if now and side == "before":
            end_now()
        result = original(*args, **kwargs)
        if now:
            end_now()
        return result

    setattr(owner, name, step_and_end)
    act(*values)


def killed_in_a_dense_write(wanted, delay_s, act, values):
    """Do something, and end as by `kill -9` so long after the n-th write to Chroma has begun."""
    original = Vectors._changing
    calls = itertools.count(1)

    def changing(self):
        if next(calls) == wanted:
            threading.Thread(target=lambda: (time.sleep(delay_s), end_now()), daemon=True).start()
        return original(self)

    Vectors._changing = changing
    act(*values)


def look(root):
    """Return the text of each document by source, after holding everything that a reader can see against it.

    The index must open, answer, and hold all passages of what is visible in both mirrors.
    """
    with Assistant(root, CONFIG, embedder=FakeEmbedder()) as bot:
        hits = bot.search("how much coal does report 12 name in item 3", limit=5)
        library = bot.index.library
        documents = {document.id: document for document in bot.documents()}
        assert len(hits) == 5 or not documents, f"{len(hits)} hits"
        for hit in hits:
            passage = hit.passage
            assert documents[passage.doc_id].text[passage.start : passage.end] == passage.text
        stored = {}
        for passage, _ in library.passages_of(list(documents)):
            stored.setdefault(passage.doc_id, []).append(passage)
        for document in documents.values():
            assert stored[document.id] == list(split(document, passage_tokens=CONFIG.split.passage_tokens))
        assert not library.problems()
        assert not lacking(bot.index)
        places = library.places(documents)
        return {source: documents[doc_id].text for doc_id, sources in places.items() for source in sources}


def held(root):
    """Return what a reader sees of an index that may not have come into being yet."""
    try:
        return look(root)
    except IndexMissing:
        return {}


def lacking(index):
    """Return the mirrors that lack passages of visible documents; of one that is not used, nothing is said."""
    try:
        return [name for name, (lacks, _) in index.differences().items() if lacks]
    except IndexDamaged as error:
        if isinstance(error.__cause__, HalfSaved) or "disk is full" in str(error):
            return []
        raise


def examine(root):
    """Return the texts that a reader sees, and what the doctor finds wrong of the library and its mirrors."""
    return look(root), ills(root)


def ills(root):
    """Return what the doctor finds wrong of an index; the models are not looked at, nor the space on the disk."""
    rag.doctor._model = rag.doctor._reader = rag.doctor._disk = lambda _: rag.doctor.Check("-", ok=True, detail="")
    return [f"{check.name}: {check.detail}" for check in rag.doctor.examine(Path(root), CONFIG) if not check.ok]


def open_for_writing(root):
    """Open an index for writing, and do nothing."""
    _hasten()
    with rag.writer.writing(Path(root), CONFIG, purpose="test"):
        pass


def contents(root):
    """Return all that an index holds, to hold it against another one: nothing of it depends on how it was made."""
    index = Index(Path(root), CONFIG)
    library = index.library
    ids = sorted(library.sources().values())
    passages = {passage.id: (passage, key) for passage, key in library.passages_of([doc_id for doc_id, _ in ids])}
    vectors = library.vectors(sorted({key for _, key in passages.values()}))
    folders = index.layout.vectors(library.meta("mirror")), index.layout.lexical(library.meta("mirror"))
    dense, lexical = Vectors(folders[0]), Lexical(folders[1])
    return {
        "documents": {document.id: document for document in library.documents()},
        "places": library.sources(),
        "passages": passages,
        "vectors": {key: vector.tobytes() for key, vector in vectors.items()},
        "embeddings": library.counts()["embeddings"],
        "dense": sorted(dense.whole_ids()),
        "lexical": sorted(lexical.ids()),
    }


def error_of(act, *values):
    """Return what an act is refused with, by kind and message; nothing where it is done."""
    try:
        act(*values)
    except FootnoteError as error:
        return type(error).__name__, str(error)
    return ()


def ask(root):
    """Ask an index once; return the passages."""
    with Assistant(root, CONFIG, embedder=FakeEmbedder()) as bot:
        return [hit.passage for hit in bot.search("how much coal does report 12 name in item 3", limit=5)]


def asked(root):
    """Ask an index once; return "answered" or what went wrong."""
    error = error_of(ask, root)
    return error[1] if error else "answered"


def dense_search(root):
    """Return the similarities of the twenty nearest passages that the dense leg finds."""
    index = Index(Path(root), CONFIG)
    (vector,) = FakeEmbedder().embed(["report 12 item 3 quantity 36 tonnes of coal"], as_query=True)
    found = index.search_dense(vector, 20, filters=Filters(languages=("en",)))
    return [round(score, 4) for _, score in found]


def meta(root, key):
    """Return what the library has stored under a name."""
    return Library(Path(root) / "library.db").meta(key)


def mirror_number(root):
    """Return the number of the mirrors in use."""
    return meta(root, "mirror")


def disturb(root):
    """Take seven passages out of both mirrors, and put a strange one in."""
    index = Index(Path(root), CONFIG)
    number = index.library.meta("mirror")
    lost = sorted(index.library.passage_ids())[:7]
    document = Document.of("A strange text.", title="Strange")
    strange = Passage(document.id, 0, 15, document.text)
    dense = Vectors(index.layout.vectors(number), writing=True)
    dense.remove(lost)
    dense.add([(document, strange, FakeEmbedder().embed([strange.text])[0])])
    lexical = Lexical(index.layout.lexical(number), writing=True)
    lexical.change(add=[(document, strange)], remove=lost)


def synced(act, *values):
    """Do something; return the names of what was put on the disk, and between them when the mark came and went."""
    told = []
    original_sync, original_note = rag.graph_files.sync, Library.note

    def sync(path):
        told.append(path.name)
        original_sync(path)

    def note(self, key, value):
        told.append("mark" if value else "unmark")
        original_note(self, key, value)

    rag.graph_files.sync = rag.writer.sync = sync
    Library.note = note
    act(*values)
    return told


def ask_until(root, ended, config=CONFIG):
    """Ask an index without pause until a file is there; return how many states of it were seen, and how often asked.

    A quotation must be what its document holds; one that is removed between the search and the look at it is passed
    over.
    """
    dice = random.Random(0)  # noqa: S311 (no secret)
    seen = set()
    asked = 0
    with Assistant(root, config, embedder=FakeEmbedder()) as bot:
        while not Path(ended).exists():
            hits = bot.search(f"coal of report {dice.randrange(100)} item {dice.randrange(5)}", limit=5)
            assert hits
            documents = bot.index.library.some_documents({hit.passage.doc_id for hit in hits})
            for passage in (hit.passage for hit in hits if hit.passage.doc_id in documents):
                assert documents[passage.doc_id].text[passage.start : passage.end] == passage.text
            seen.add(bot.index.library.generation)
            asked += 1
    return len(seen), asked


def hold_lock(root):
    """Hold the lock of an index until killed."""
    with rag.writer.writing(Path(root), CONFIG, purpose="the first writer"):
        tell("held")
        time.sleep(600)


def as_nobody(act, *values):
    """Do something as a user who may read and not write."""
    if os.getuid() == 0:  # to whom no permission matters
        os.setgid(_NOBODY)
        os.setuid(_NOBODY)
    return act(*values)
