"""A small page behind the guard, on a port of its own: what programs and attackers meet."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING

import fastapi
import gradio as gr
import uvicorn

from ui import api
from ui.guarding import guarded, private_uploads

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rag import Assistant

HOST = "127.0.0.1"
MAX_UPLOAD = 1_000_000


def workspace_of(bot: Assistant) -> SimpleNamespace:
    return SimpleNamespace(bot=bot, root=bot.index.layout.root, config=bot.config)


def small_page(bot: Assistant) -> gr.Blocks:
    """The functions for programs beside an event that gives back what it is sent, as state of the browser is."""
    with gr.Blocks(title="Small", analytics_enabled=False) as page:
        for function in api.functions(workspace_of(bot), failure=gr.Error):
            gr.api(function, api_name=function.__name__, queue=False)
        said, heard = gr.JSON(), gr.JSON()
        gr.HTML("<p id='shown'></p>", js_on_load="server.twice('a')", server_functions=[twice])
        gr.Button("Say").click(lambda value: value, said, heard, api_name="echo")
    api.only_ours(page)
    return page


def twice(value: object) -> list[object]:
    return [value, value]


@contextlib.contextmanager
def served(bot: Assistant, *, auth: Sequence[tuple[str, str]] | None = None) -> Iterator[str]:
    """Serve it; yields its address, without a slash at the end."""
    with private_uploads():
        page = small_page(bot)
        app = gr.mount_gradio_app(
            fastapi.FastAPI(),
            page,
            "/",
            auth=list(auth) if auth else None,
            mcp_server=True,
            run_history=False,
            show_error=False,
            max_file_size=MAX_UPLOAD,
        )
        api.as_tools(page)
        with listening(guarded(app, host=HOST, auth=auth)) as address:
            yield address


@contextlib.contextmanager
def listening(app: object) -> Iterator[str]:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen(100)
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="none", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, args=([taken],), daemon=True)
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.02)
            yield f"http://{HOST}:{taken.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)
