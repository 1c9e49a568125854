"""Passages in, a written answer out: a chat model writes, and each sentence is checked before anyone sees it.

    passages ─► prompt ─► chat model ─► drafts with markers ─► citations and verdict ─► sentences

What is not borne by the passages that the model names is tried against all others; then a quotation takes its place,
or nothing does.
"""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rag.ground import better, ground
from rag.markers import Markers
from rag.prompting import NOT_ANSWERED, NOT_SAID, numbered, render
from rag.text import is_chinese
from rag.types import Sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from rag.chat import ChatModel
    from rag.markers import Draft
    from rag.read import Reader
    from rag.types import Citation, Document, Evidence, Hit, Passage

SHOWN = frozenset({"supported", "partial", "not_a_claim"})
# All that may be said without a citation: what only leads to the next sentence, and that there is no more to say.
_LEADS = re.compile(
    r"(?:(?:The|These|Both|Several|Some|One|Two|Three|Four) )?(?:articles?|passages?|sources?|reports?) "
    r"(?:says?|mentions?|reports?|states?)(?: this| the following)?:"
    "|(?:这些|这|有?[一两二三四]篇)?(?:文章|段落|报道|来源)(?:这样|如下)?(?:说|提到|指出|报道)(?:如下)?[:：]",
    re.IGNORECASE,
)
# What a model says of the passages instead of what they say.
_ABOUT_THEM = re.compile(
    r"\A(?:(?:According to|In) (?:(?:the|this|these) )?passages?,|根据(?:这些)?段落，?"
    r"|(?:The|This) passages? (?:then )?(?:goes on to )?(?:states?|says?|mentions?|notes?|explains?|describes?) that)"
    r"\s*(\w)"
)
_REST_UNSAID = ("The passages do not say the rest.", "其余的内容，这些段落没有说。")


@dataclass(frozen=True, slots=True)
class Material:
    """What an answer is written from: the passages that the model sees, those found beside them, and the quotations."""

    shown: tuple[Passage, ...]
    further: tuple[Passage, ...]
    quotes: tuple[Sentence, ...]
    documents: Mapping[str, Document]

    # wide: all that is known when writing begins
    @classmethod
    def of(
        cls,
        evidence: Sequence[Evidence],
        hits: Sequence[Hit],
        *,
        quotes: Sequence[Sentence],
        documents: Mapping[str, Document],
        n_passages: int,
    ) -> Material:
        """Choose what the model is shown: the passages that are quoted, then the best others, in the order of days."""
        cited = [citation for sentence in quotes for citation in sentence.citations]
        quoted = [found.passage for found in evidence if any(_holds(found.passage, one) for one in cited)]
        ranked = list({passage.id: passage for passage in (*quoted, *(hit.passage for hit in hits))}.values())
        shown = sorted(ranked[:n_passages], key=lambda passage: _day(documents[passage.doc_id]))
        return cls(tuple(shown), tuple(ranked[n_passages:]), tuple(quotes), documents)


def write(question: str, material: Material, *, model: ChatModel, reader: Reader) -> Generator[Sentence, None, None]:
    """Let a model answer, and yield each sentence with its citations and verdict as soon as it is written and checked.

    Also those that nothing bears, with `support` saying so: whoever shows the answer leaves them out. At the end come
    the quotations from the passages that those named, as far as no sentence stands for them. Nothing is yielded where
    the model says that the passages do not answer.

    Raises:
        WriterFailed: the model did not answer.
    """
    left, named = list(material.quotes), []
    lead: Sentence | None = None
    stands = False
    with closing(drafts(question, material, model=model)) as written:
        for draft in written:
            if not draft.numbers and _LEADS.fullmatch(draft.text):
                lead = Sentence(draft.text, (), "not_a_claim")
                continue
            if draft.text.startswith(NOT_SAID):
                if stands:
                    yield Sentence(_REST_UNSAID[is_chinese(draft.text)], (), "not_a_claim")
                continue
            plain = _ABOUT_THEM.sub(lambda found: found[1].upper(), draft.text, count=1)
            sentence = _checked(replace(draft, text=plain), material, reader=reader)
            if sentence.support in SHOWN:
                stands = True
                yield from [lead] if lead else []
                left = [quote for quote in left if not any(map(_meets(quote), sentence.citations))]
            else:
                named += [material.shown[number - 1] for number in draft.numbers]
            lead = None
            yield sentence
    yield from (quote for quote in left if any(_holds(passage, one) for passage in named for one in quote.citations))


def drafts(question: str, material: Material, *, model: ChatModel) -> Generator[Draft, None, None]:
    """Yield what a model writes, sentence by sentence and unchecked; nothing where it finds no answer.

    Raises:
        WriterFailed: the model did not answer.
    """
    passages = numbered([(material.documents[passage.doc_id], passage.text) for passage in material.shown])
    language = "Chinese" if is_chinese(question) else "English"
    messages = render("answer", question=question, language=language, passages=passages)
    markers = Markers(len(material.shown))
    with closing(model.stream(messages)) as pieces:
        for piece in pieces:
            for draft in markers.feed(piece):
                if _finds_nothing(draft):
                    return
                yield draft
        yield from (draft for draft in markers.end() if not _finds_nothing(draft))


def _finds_nothing(draft: Draft) -> bool:
    # A small model repeats the words that lead to the phrase, too.
    return draft.text.removeprefix("In Chinese: ").rstrip(".。") in NOT_ANSWERED


def _checked(draft: Draft, material: Material, *, reader: Reader) -> Sentence:
    """Cite the passages that the model named, and where they do not bear it, any other that was found."""
    if draft.text.startswith("```"):  # code states nothing
        return Sentence(draft.text, (), "unsupported")
    marked = [material.shown[number - 1] for number in draft.numbers]
    found = ground(draft.text, marked, documents=material.documents, reader=reader)
    if found.support == "supported":
        return found
    others = [passage for passage in (*material.shown, *material.further) if passage not in marked]
    return better(found, ground(draft.text, others, documents=material.documents, reader=reader))


def _holds(passage: Passage, citation: Citation) -> bool:
    return passage.doc_id == citation.doc_id and passage.start < citation.end and citation.start < passage.end


def _meets(quote: Sentence) -> Callable[[Citation], bool]:
    """Return what tells whether a citation and a quotation share characters."""
    return lambda one: any(
        one.doc_id == other.doc_id and one.start < other.end and other.start < one.end for other in quote.citations
    )


def _day(document: Document) -> tuple[bool, str]:
    return (document.published is None, str(document.published))
