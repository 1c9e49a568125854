"""The chat page: a browser asks, sees the answer grow, and beside it the words that it rests on.

    Workspace ─ build ─► a page in each language ─ mount ─► one application ─ guarded ─► uvicorn, in a thread

English stands at "/", Chinese at "/zh/". The first also serves programs: `gradio_client` and the MCP server.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import sys
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import fastapi
import gradio as gr
import uvicorn
from fastapi.responses import RedirectResponse
from gradio.events import api

from rag.errors import ConfigError
from ui.api import as_tools, functions, only_ours
from ui.guarding import check_binding, guarded, private_uploads
from ui.tabs.chat import chat_tab
from ui.tabs.evaluation import evaluation_tab
from ui.tabs.library import library_tab
from ui.tabs.settings import settings_tab
from ui.uploads import MAX_BYTES
from ui.wording import Words
from ui.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag import Assistant

HOST = "127.0.0.1"
_WORDS = {
    "title": ("Footnote", "Footnote"),
    "chat": ("Chat", "对话"),
    "library": ("Library", "文库"),
    "evaluation": ("Evaluation", "评测"),
    "settings": ("Settings", "设置"),
}
_STYLES = [Path(__file__).parent / name for name in ("style.css", "layout.css")]
# Fonts of the reader's own machine: a page that fetches one would tell others that it is open.
_FONTS = ("Segoe UI", "Helvetica Neue", "Noto Sans", "sans-serif")
_MONOSPACE = ("Consolas", "Menlo", "monospace")
_WAIT_S = 20.0


def build(workspace: Workspace, language: str = "en", *, programs: bool = False) -> gr.Blocks:
    """Make the page.

    Args:
        workspace: what it asks and shows.
        language: "en" or "zh".
        programs: whether it also has the endpoints for programs.
    """
    words = Words(_WORDS, language)
    page: gr.Blocks
    with gr.Blocks(title=words["title"], analytics_enabled=False, fill_width=True) as page:
        for function in functions(workspace, failure=_in_words) if programs else ():
            api(function, api_name=function.__name__, queue=False)
        with gr.Tabs(elem_id="fn-tabs"):
            chat = gr.Tab(words["chat"], id="chat", elem_id="fn-tab-chat")
            with gr.Tab(words["library"], id="library", elem_id="fn-tab-library"):
                scope = library_tab(workspace, language=language)
            with gr.Tab(words["evaluation"], id="evaluation", elem_id="fn-tab-evaluation"):
                evaluation_tab(workspace, language=language)
            with gr.Tab(words["settings"], id="settings", elem_id="fn-tab-settings"):
                settings_tab(workspace, language=language)
            with chat:  # last, since it asks within what the library says
                chat_tab(workspace, scope=scope, language=language)
    only_ours(page)
    return page


@dataclass
class Page:
    """A page that is being served."""

    local_url: str
    _server: uvicorn.Server
    _thread: threading.Thread
    _end: ExitStack

    def close(self) -> None:
        """Serve it no more."""
        self._server.should_exit = True
        self._thread.join(_WAIT_S)
        self._end.close()


def _in_words(words: str) -> gr.Error:
    """Make an error of Gradio, which shows its words as HTML."""
    return gr.Error(escape(words, quote=False), print_exception=False)


def serve(bot: Assistant, *, port: int, host: str = HOST, auth: Sequence[tuple[str, str]] | None = None) -> None:
    """Serve the page until Ctrl-C; arguments and errors as in `start`."""
    page = start(bot, port=port, host=host, auth=auth)
    sys.stderr.write(f"Footnote answers on {page.local_url} (Ctrl-C ends it)\n")
    with contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()
    page.close()


def start(bot: Assistant, *, port: int, host: str = HOST, auth: Sequence[tuple[str, str]] | None = None) -> Page:
    """Serve the page in threads of its own; who calls this closes it.

    Args:
        bot: what is asked. Conversations are kept in the folder of its index.
        port: where it listens; 0 for any that is free.
        host: to whom it listens; by default to this machine only.
        auth: names and passwords that are asked for.

    Raises:
        ConfigError: the port is taken, or other machines would reach the page without a password.
        RecordError: the conversations that are kept cannot be read.
    """
    check_binding(host, auth)
    with ExitStack() as end:
        listening = end.enter_context(_listening(host, port))
        end.enter_context(private_uploads())
        workspace = Workspace.of(bot)
        end.callback(workspace.close)
        app = guarded(_mounted(workspace, host=host, auth=auth), host=host, auth=auth)
        config = uvicorn.Config(app, log_level=logging.WARNING, ws="none", timeout_graceful_shutdown=2)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],), name="page", daemon=True)
        thread.start()
        waiting = threading.Event()
        while not server.started and thread.is_alive():
            waiting.wait(0.02)
        if not server.started:
            raise ConfigError(f"the page could not be served on {host}; what is above this line says why.")
        address = f"[{host}]" if ":" in host else host
        return Page(f"http://{address}:{listening.getsockname()[1]}/", server, thread, end.pop_all())


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen()
    except OSError as error:
        listening.close()
        if isinstance(error, socket.gaierror):
            raise ConfigError(f"{host!r} is no address of this machine: {error}.") from error
        raise ConfigError(
            f"port {port} is in use; choose another: footnote chat --port {port + 1} ({error})"
        ) from error
    return listening


def _mounted(workspace: Workspace, *, host: str, auth: Sequence[tuple[str, str]] | None) -> fastapi.FastAPI:
    """Put the pages of both languages into one application."""
    app = fastapi.FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/zh")
    def _with_slash() -> RedirectResponse:
        return RedirectResponse("/zh/")

    # The mount at "/" takes whatever was not mounted before it.
    for path, language in (("/zh", "zh"), ("/", "en")):
        page = build(workspace, language, programs=path == "/")
        gr.mount_gradio_app(
            app,
            page,
            path,
            server_name=host,
            auth=list(auth) if auth else None,
            footer_links=[],
            run_history=False,
            ssr_mode=False,
            enable_monitoring=False,
            mcp_server=path == "/",
            show_error=False,
            max_file_size=MAX_BYTES,
            theme=gr.themes.Default(primary_hue="blue", neutral_hue="slate", font=_FONTS, font_mono=_MONOSPACE),
            css_paths=[file for file in _STYLES if file.is_file()],
        )
        if path == "/":
            as_tools(page)
    return app
