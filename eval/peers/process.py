"""A command in a process of its own, how long it takes, and how much of the CPU others had meanwhile."""

from __future__ import annotations

import os
import resource
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# The encoder runs on the CPU everywhere, as Footnote's does; nothing is fetched and nothing is reported.
ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "ANONYMIZED_TELEMETRY": "False",
    "CUDA_VISIBLE_DEVICES": "",
}
_STAT = Path("/proc/stat")
_ERROR_CHARS = 2000


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command printed, the `seconds` from its start to its end, and the CPU seconds of all other processes."""

    printed: str
    seconds: float
    others: float

    @property
    def capacity(self) -> float:
        """How many CPU seconds there were on all cores."""
        return self.seconds * (os.cpu_count() or 1)


def run(command: Sequence[str]) -> Ran:
    """Run a command to its end.

    Raises:
        SystemExit: it failed; the message holds the end of what it said on stderr.
    """
    environment = {**os.environ, **ENVIRONMENT}
    others, started = others_cpu(), time.perf_counter()
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)  # noqa: S603
    seconds, others = time.perf_counter() - started, others_cpu() - others
    if done.returncode:
        raise SystemExit(f"{' '.join(command[1:5])} … ended with {done.returncode}:\n{done.stderr[-_ERROR_CHARS:]}")
    return Ran(done.stdout, seconds, max(others, 0.0))  # in this order, so that nan stays nan


def others_cpu() -> float:
    """Return the CPU seconds that this machine has spent on anything but this process and its ended children.

    It is nan where the system does not tell (all but Linux). The fields are those of proc_stat(5).
    """
    if not _STAT.is_file():
        return float("nan")
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, _STAT.read_text().split(maxsplit=9)[1:9])
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    ours = sum(usage.ru_utime + usage.ru_stime for usage in used)
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK") - ours
