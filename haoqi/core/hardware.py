"""What the machine can do: cores, memory, GPU, and the speed of its arithmetic, timed rather than assumed."""

import hashlib
import json
import os
import platform
import re
import time
from collections import Counter
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from haoqi.core import folder
from haoqi.core.folder import write_json

_SIDE = 512  # of the square matrices that are timed
_SECONDS = 0.25  # at most, per precision and for text
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Hardware:
    """One machine, as a plan of work sees it."""

    cores: int
    """That this process may use, container limits counted."""
    memory_bytes: int
    """That this process may use, container limits counted."""
    gpu: str | None
    fp32_gflops: float
    """Billions of operations a second in a matrix product in float32, on the device that trains."""
    bf16_gflops: float
    text_speed: float = 0.0
    """Millions of characters a second that one core cuts into words and counts, in Python; 0: not timed."""

    @property
    def precision(self) -> str:
        """The number format to compute in: "bf16" only where it is clearly faster."""
        return "bf16" if self.bf16_gflops > 1.5 * self.fp32_gflops else "fp32"

    @property
    def words(self) -> str:
        """The machine on one line."""
        memory = f"{self.memory_bytes / 2**30:.0f} GiB"
        speed = f"{self.fp32_gflops:,.0f} GFLOP/s in fp32, {self.bf16_gflops:,.0f} in bf16"
        return f"{f'{self.gpu}, ' if self.gpu else ''}{self.cores} cores, {memory}, {speed}"

    @property
    def device(self) -> str:
        """The torch device that trains."""
        return "cuda" if self.gpu else "cpu"


def probe(cache: Path, *, again: bool = True) -> Hardware:
    """Return what this machine can do, timed and kept in `cache` for this processor and torch.

    Args:
        cache: a folder.
        again: whether what was kept is timed again, shortly, and the best counts: a machine that was busy looks slow.
            A single answer does not wait for that.
    """
    import torch

    gpu = gpu_name()
    key = f"{machine()} {torch.__version__} {gpu}"
    path, device = cache / "hardware.json", "cuda" if gpu else "cpu"
    kept = _kept(path, key)
    if kept is not None and not again:
        return kept
    if kept is None:
        fp32, bf16 = (_gflops(name, device, _SECONDS) for name in ("float32", "bfloat16"))
        found = Hardware(cores(), memory_bytes(), gpu, fp32, bf16, _text_speed(_SECONDS))
    else:
        fp32, text = _gflops("float32", device, _SECONDS / 5), _text_speed(_SECONDS / 5)
        found = replace(kept, fp32_gflops=max(kept.fp32_gflops, fp32), text_speed=max(kept.text_speed, text))
    if found != kept:
        write_json(path, {"key": key, **asdict(found)})
    return found


def gpu_name() -> str | None:
    """Return the GPU that trainings compute on; None where there is none."""
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else None


_named: list[Path] = []


def keep_in(cache: Path) -> None:
    """Name the folder in which this process keeps what it times for itself; the one that is named first stays."""
    if not _named:
        _named.append(cache)


def kept_in() -> Path:
    """Return the folder in which this process keeps what it times for itself: that named first, else of HAOQI_HOME."""
    return _named[0] if _named else folder.cache()


def machine() -> str:
    """Return a name for this kind of machine: its processor, and how many cores of it this process may use."""
    return f"{platform.machine()} {_processor()} {cores()}"


def _kept(path: Path, key: str) -> Hardware | None:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return Hardware(**kept) if kept.pop("key") == key else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def cores() -> int:
    """Return how many processor cores this process may use."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return allowed if quota == "max" else max(1, min(allowed, int(quota) // int(period)))
    except (OSError, ValueError):
        return allowed


def memory_bytes() -> int:
    """Return how much memory this process may use."""
    import psutil

    installed = int(psutil.virtual_memory().total)
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
        return installed if limit == "max" else min(installed, int(limit))
    except (OSError, ValueError):
        return installed


def _processor() -> str:
    """Return the processor's model, or its flags where a virtual machine hides the model."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    facts = dict(line.split(":", 1) for line in lines if ":" in line)
    wanted = ("model name\t", "model\t\t", "flags\t\t")
    return hashlib.sha256("".join(facts.get(key, "") for key in wanted).encode()).hexdigest()[:16]


def _gflops(precision: str, device: str, seconds: float) -> float:
    """Return the billions of operations a second of a matrix product, the best of those timed."""
    import torch

    matrix = torch.ones(_SIDE, _SIDE, dtype=getattr(torch, precision), device=device)
    best, begun = float("inf"), time.perf_counter()
    while time.perf_counter() - begun < seconds:
        start = time.perf_counter()
        (matrix @ matrix)[0, 0].item()  # the read waits for a GPU to finish
        best = min(best, time.perf_counter() - start)
    return 2 * _SIDE**3 / best / 1e9


def _text_speed(seconds: float) -> float:
    """Return the millions of characters a second that are cut into words and counted, the best of those timed."""
    text = "The quick brown fox jumps over the lazy dog, twice. " * 400
    best, begun = float("inf"), time.perf_counter()
    while time.perf_counter() - begun < seconds:
        start = time.perf_counter()
        Counter(_WORD.findall(text.lower()))
        best = min(best, time.perf_counter() - start)
    return len(text) / best / 1e6
