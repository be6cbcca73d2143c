"""What one command costs that answers one text: processor seconds and memory of the whole process, old build and new.

    python bench/cold_start.py --old FOLDER             # a checkout of the build to compare with; five minutes
    python bench/cold_start.py --rounds 1 --dry         # this build alone; nothing is recorded

Releases are made first: TF-IDF and a probe on sst2, and an entity tagger on conll2003. Of the last two there are
copies without their compiled form, which torch computes, and of the probe one that ONNX Runtime computes in bytes.
Both builds are copied and compiled to bytecode, as an installation is; each command runs in both in turn. Seconds are
those of user and system, of all threads; memory is the most that was resident. Medians of the rounds are shown.
"""

import argparse
import compileall
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import table

ROOT = Path(__file__).resolve().parents[1]
SST2, CONLL = table.DATA / "sst2", table.DATA / "conll2003" / "eng.testa"
TEXT, NAMES = (
    "The second half drags a little , but the ending is worth it .",
    "EU rejects German call to boycott lamb .",
)
# What is learnt, by the name of its release.
LEARNT = {
    "tfidf": (SST2, "--limit", "600", "--methods", "tfidf", "--steps", "2"),
    "probe": (SST2, "--limit", "600", "--methods", "probe", "--base", "minilm", "--steps", "2"),
    "tagger": (CONLL, "--limit", "300", "--methods", "full", "--base", "minilm", "--steps", "1"),
}
ASKED = {
    "help": ("--help",),
    "releases": ("releases",),
    "tfidf": ("predict", "tfidf", TEXT),
    "compiled, as it was chosen": ("predict", "probe", TEXT),
    "compiled, by ONNX Runtime in bytes": ("predict", "./by-onnx", TEXT),
    "encoder, by torch": ("predict", "./probe-by-torch", TEXT),
    "entities, by torch": ("predict", "./tagger-by-torch", NAMES),
}


@dataclass(frozen=True)
class Build:
    """A copy of the package, and where its releases lie."""

    folder: Path
    home: Path

    def run(self, *words: object) -> tuple[float, float, bytes]:
        """Run a command and return its processor seconds, its memory in MB, and what it printed."""
        env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        env |= {"PYTHONPATH": str(self.folder), "HAOQI_HOME": str(self.home), "HAOQI_LANG": "en"}
        command = [sys.executable, "-m", "haoqi", *map(str, words)]
        with tempfile.TemporaryFile() as out:
            child = subprocess.Popen(command, env=env, cwd=self.home, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
            _, status, used = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0)
            printed = out.read()
        if child.returncode:
            raise SystemExit(f"{' '.join(map(str, words))}: {printed.decode()}")
        return _seconds(used), used.ru_maxrss / 1024, printed


def _seconds(used: resource.struct_rusage) -> float:
    return used.ru_utime + used.ru_stime


def copied(package: Path, folder: Path, home: Path) -> Build:
    """Return a copy of a package with its bytecode."""
    shutil.copytree(package, folder / "haoqi", ignore=shutil.ignore_patterns("__pycache__"))
    compileall.compile_dir(folder, quiet=2)
    return Build(folder, home)


def learn(build: Build) -> None:
    """Make the releases, and copies of them that are computed otherwise."""
    for name, (source, *words) in LEARNT.items():
        print(f"learning {name}", flush=True)
        build.run("improve", source, "--name", name, *words)
    for name in ("probe", "tagger"):
        copy = shutil.copytree(build.home / "releases" / name / "1", build.home / f"{name}-by-torch")
        shutil.rmtree(copy / "compiled")
    print(build.run("releases")[2].decode())
    onnx = shutil.copytree(build.home / "probe-by-torch", build.home / "by-onnx")
    # Elsewhere: the memory of whoever starts a process counts as that process's until it has its own.
    subprocess.run(
        [sys.executable, __file__, "--to-bytes", onnx], check=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )


def compile_to_bytes(folder: Path) -> None:
    """Let ONNX Runtime compute a release in eight bits, whatever is quickest on this machine."""
    from haoqi.core import hardware
    from haoqi.models import checksums, model
    from haoqi.models.compile import compiled
    from haoqi.models.compile.form import forms

    predictor: Any = model.load(folder, compiled=False).predictor
    form, place = forms.build("onnx_int8"), folder / "compiled"
    (place / "onnx_int8").mkdir(parents=True)
    form.compile(predictor.graph(), place / "onnx_int8")
    gives = compiled.answer_to(form.open(place / "onnx_int8", 1, predictor.graph), compiled.probe(False)).tolist()
    card = compiled.Compiled(
        "onnx_int8",
        {name: compiled.Measured("not measured") for name in ("torch", "onnx_int8")},
        metric="",
        example_count=0,
        machine=hardware.machine(),
        threads=1,
        versions={},
        seconds=0.0,
        created="",
        probe={"told": False, "gives": {"onnx_int8": gives}},
        files=checksums.checksums_of(place, place),
    )
    compiled.write(place, card)


def measured(builds: dict[str, Build], rounds: int) -> list[dict[str, Any]]:
    """Return the medians of every command in every build."""
    rows = []
    for what, words in ASKED.items():
        print(what, flush=True)
        found: dict[str, list[tuple[float, float, bytes]]] = {name: [] for name in builds}
        for turn in range(rounds + 1):  # the first one fills the cache of files
            for name, build in builds.items():
                result = build.run(*words)
                found[name] += [result] * bool(turn)
        printed = {one[2] for results in found.values() for one in results}
        if len(printed) > 1:
            print(f"  answers differ: {printed}")
        for name, results in found.items():
            seconds, megabytes = (statistics.median(one[at] for one in results) for at in (0, 1))
            rows.append({"what": what, "build": name, "seconds": seconds, "mb": megabytes, "same": len(printed) == 1})
    return rows


def main() -> None:
    """Measure and show; ratios come last."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--old", type=Path, help="a checkout to compare with")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--dry", action="store_true", help="record nothing")
    parser.add_argument("--to-bytes", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.to_bytes:
        compile_to_bytes(given.to_bytes)
        return
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch) / "home"
        home.mkdir()
        folders = {"old": given.old.resolve()} if given.old else {}
        folders["new"] = ROOT
        builds = {name: copied(one / "haoqi", Path(scratch) / name, home) for name, one in folders.items()}
        learn(next(iter(builds.values())))
        rows = measured(builds, given.rounds)
    table.show(rows, ["what", "build", "seconds", "mb", "same"])
    for row in rows:
        if not given.dry:
            table.record("cold_start", **row, rounds=given.rounds)
    for what in ASKED if given.old else ():
        old, new = (next(row for row in rows if (row["what"], row["build"]) == (what, name)) for name in builds)
        seconds, memory = (new[unit] / old[unit] for unit in ("seconds", "mb"))
        print(f"{what}: {seconds:.2f} of the seconds, {memory:.2f} of the memory")


if __name__ == "__main__":
    main()
