"""The chat page: a browser on this machine asks, and sees the answer grow and its sources under it.

The events of an answer become Markdown in `messages`, a generator that knows nothing of the page.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from rag.errors import ConfigError, FootnoteError
from rag.types import Delta, Done, Read, Retrieved, Turn
from ui.messages import message
from ui.render import answer_markdown, escape_markdown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from rag import Assistant
    from rag.types import Answer

HOST = "127.0.0.1"
_REMEMBERED = 1000  # answers whose citations a follow-up can use
_DESCRIPTION = (
    "Ask your documents. Every sentence of an answer cites the words it rests on, with the place they come from; "
    "where the documents do not hold the answer, Footnote says so."
)
# Questions to begin with, each beside the document that it is about: it is offered where that document is indexed.
_EXAMPLES = {
    "Which fields does Li Yuju name?": "2024-06-18-cns-new-quality-productive-forces-seminar.md",
    "Who took part in the deliberation of the Jiangsu delegation?": "2024-03-06-xinhua-jiangsu-delegation.md",
    "Who leads work on core technologies, said the July 2018 meeting?": "2018-07-14-china-daily-core-technologies.md",
    "发言的六位江苏代表是谁？": "2024-03-06-xinhua-jiangsu-delegation.zh.md",
    "What was the turnover of China's photovoltaic industry in 2023?": "2024-03-06-xinhua-jiangsu-delegation.md",
}
# The browser itself holds the page to this machine, whatever a question or a document says.
_NOTHING_FROM_ELSEWHERE = """<meta http-equiv="Content-Security-Policy"
content="default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'">"""
# Fonts of the reader's own machine: a page that fetches one would tell others that it is open.
_FONTS = ("Segoe UI", "Helvetica Neue", "Noto Sans", "sans-serif")
_MONOSPACE = ("Consolas", "Menlo", "monospace")


def messages(
    bot: Assistant, question: str, *, history: Sequence[Turn] = (), said: dict[str, Turn] | None = None
) -> Iterator[str]:
    """Answer a question; yields what the page shows, as Markdown, each time anew and the last for good.

    `said` takes the answer under the last of these, so that `turns` knows it again.
    """
    if not question.strip():
        yield message("empty", question)
        return
    streamed = ""
    yield message("searching", question)
    try:
        for event in bot.stream(question, history=history):
            match event:
                case Retrieved(hits=hits):
                    yield message("reading", question).format(len(hits))
                case Read(quotes=quotes) if quotes:
                    yield "\n\n".join(escape_markdown(quote.text) for quote in quotes)
                case Delta(text=text):
                    streamed += text
                    yield "\n\n".join(map(escape_markdown, streamed.splitlines()))
                case Done(answer=answer):
                    shown = answer_markdown(answer, bot.titles(answer.hits))
                    if said is not None:
                        said[shown.strip()] = _turn(answer)
                    yield shown
    except FootnoteError as error:
        yield escape_markdown(str(error))


def turns(history: Iterable[Mapping[str, Any]], said: Mapping[str, Turn]) -> list[Turn]:
    """Turn the messages of the page, whose content is a text or a list of parts, into a conversation.

    `said` holds answers by what the page shows for them: they are known again with what they cited.
    """
    texts = [(shown["role"], _text_of(shown["content"])) for shown in history]
    return [said.get(text.strip(), Turn(role, text)) for role, text in texts if role in {"user", "assistant"}]


def _turn(answer: Answer) -> Turn:
    cited = tuple(citation for sentence in answer.sentences for citation in sentence.citations)
    return Turn("assistant", " ".join(sentence.text for sentence in answer.sentences), cited)


def _text_of(content: str | list[Mapping[str, Any]]) -> str:
    return content if isinstance(content, str) else "\n".join(part.get("text", "") for part in content)


def build(bot: Assistant) -> gr.ChatInterface:
    """Make the page for an index."""
    said: dict[str, Turn] = {}

    def answer(question: str, history: list[dict[str, Any]]) -> Iterator[str]:
        """Answer a question about the documents, as Markdown."""
        while len(said) > _REMEMBERED:
            said.pop(next(iter(said)), None)
        yield from messages(bot, question, history=turns(history, said), said=said)

    indexed = {Path(source).name for source in bot.index.library.sources()}
    return gr.ChatInterface(
        answer,
        chatbot=gr.Chatbot(
            show_label=False, scale=1, buttons=["copy"], sanitize_html=True, allow_tags=False, latex_delimiters=[]
        ),
        textbox=gr.Textbox(placeholder="Type a question", scale=7, autofocus=True, submit_btn=True, stop_btn=True),
        examples=[question for question, name in _EXAMPLES.items() if name in indexed],
        cache_examples=False,
        title="Footnote",
        description=_DESCRIPTION,
        analytics_enabled=False,
        api_name="ask",
    )


def serve(bot: Assistant, *, port: int) -> None:
    """Serve the page on this machine only, until Ctrl-C.

    Raises:
        ConfigError: the port is taken.
    """
    page = start(bot, port=port)
    sys.stderr.write(f"Footnote answers on {page.local_url} (Ctrl-C ends it)\n")
    with contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()
    page.close(verbose=False)


def start(bot: Assistant, *, port: int) -> gr.ChatInterface:
    """Serve the page in threads of its own; who calls this closes it.

    Raises:
        ConfigError: the port is taken.
    """
    page = build(bot)
    # Gradio asks its own page whether it is up, and would ask a proxy for it.
    os.environ["no_proxy"] = ",".join(filter(None, (os.environ.get("no_proxy", os.environ.get("NO_PROXY")), HOST)))
    try:
        page.launch(
            server_name=HOST,
            server_port=port,
            prevent_thread_lock=True,
            quiet=True,
            inbrowser=False,
            share=False,
            ssr_mode=False,
            footer_links=[],
            enable_monitoring=False,
            head=_NOTHING_FROM_ELSEWHERE,
            theme=gr.themes.Default(font=_FONTS, font_mono=_MONOSPACE),
        )
    except OSError as error:
        raise ConfigError(f"port {port} is in use; choose another: footnote chat --port {port + 1}") from error
    return page
