"""Sets in SQuAD's form: articles of paragraphs, each with questions (SQuAD, XQuAD, CMRC 2018, ExpMRC)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from eval.data.files import place, read_json, whole
from eval.types import Example
from rag.text import normalise
from rag.types import Document

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from eval.data.files import Loaded

_TYPES = {None: "", True: "unanswerable", False: "answerable"}


def squad(path: Path, language: str = "en", *, given: bool = False) -> Loaded:
    """Read a file of SQuAD's form: a document for each paragraph, an example for each question.

    Answers are the distinct texts, evidence are their distinct spans. Questions without an answer are kept; `type` is
    "answerable" or "unanswerable" where the file tells them apart.

    Args:
        path: the packed file.
        language: that of paragraphs and questions.
        given: each question may be answered from its own paragraph only.

    Raises:
        DataMissing: the file is not there.
    """
    documents, examples = [], []
    for document, paragraph in _paragraphs(path, language):
        documents.append(document)
        examples += [
            replace(_example(document, paragraph["context"], qa), within=(document.id,) if given else ())
            for qa in paragraph["qas"]
        ]
    return documents, examples


def xquad_across(folder: Path) -> Loaded:
    """Read XQuAD's English paragraphs and its Chinese questions, with the answers and evidence of the English ones.

    The two languages go by the ids of the questions. A Chinese question without its English twin is left out.
    """
    documents, english = squad(folder / "xquad.en.json.gz", "en")
    _, chinese = squad(folder / "xquad.zh.json.gz", "zh")
    twins = {example.id: example for example in english}
    return documents, [
        replace(example, answers=twins[example.id].answers, evidence=twins[example.id].evidence)
        for example in chinese
        if example.id in twins
    ]


def expmrc(path: Path, language: str = "en") -> Loaded:
    """Read a file of ExpMRC: as SQuAD with the paragraph given; evidence are the sentences that people marked.

    A marked sentence that does not stand in the paragraph word for word is dropped.
    """
    documents, examples = [], []
    for document, paragraph in _paragraphs(path, language):
        documents.append(document)
        for qa in paragraph["qas"]:
            marked = dict.fromkeys(place(document, sentence) for sentence in qa["evidences"])
            examples.append(
                replace(
                    _example(document, paragraph["context"], qa),
                    evidence=tuple(span for span in marked if span),
                    within=(document.id,),
                )
            )
    return documents, examples


def _paragraphs(path: Path, language: str) -> Iterator[tuple[Document, Any]]:
    for article in read_json(path)["data"]:
        title = article.get("title", "").replace("_", " ")
        for number, paragraph in enumerate(article["paragraphs"]):
            source = f"{title or article.get('id', '')}#{paragraph.get('id', number)}"
            document = Document.of(paragraph["context"], title=title or source, source=source, language=language)
            yield document, paragraph


def _example(document: Document, context: str, qa: Any) -> Example:  # noqa: ANN401 (a foreign format)
    impossible = qa.get("is_impossible")
    answers = [] if impossible else qa["answers"]
    spans = dict.fromkeys(
        place(document, answer["text"], near=len(normalise(context[: max(0, answer["answer_start"])])))
        for answer in answers
    )
    found = tuple(span for span in spans if span)
    return Example(
        qa["id"],
        qa["question"],
        answers=tuple(dict.fromkeys(normalise(answer["text"]) for answer in answers)),
        evidence=found or (() if impossible else (whole(document),)),
        answerable=not impossible,
        type=_TYPES[impossible],
        language=document.language,
    )
