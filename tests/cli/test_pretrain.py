"""`haoqi pretrain`: what it prints, and that `haoqi bases` lists what it made."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Run = Callable[..., Any]

NAMES = ("battery", "screen", "film", "bank", "keeper", "planet", "coffee", "telescope")
TEXTS = [f"The {one} died on day two, and the {other} won three prizes." for one in NAMES for other in NAMES]


def _source(tmp_path: Path) -> str:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "all.txt").write_text("\n".join(TEXTS), "utf-8")
    return str(tmp_path / "texts")


def test_it_says_what_was_gained_and_the_base_is_listed(run: Run, tiny_base: str, tmp_path: Path) -> None:
    source = _source(tmp_path)
    given = ("--base", tiny_base, "--name", "of-the-cli", "--minutes", "2", "--epochs", "2", "--max-tokens", "32")
    done = run("pretrain", source, *given)
    assert done.code == 0
    assert "Made the base of-the-cli." in done.out
    assert "loss at hidden words of held-out texts" in done.out
    assert "haoqi improve FILE --base" in done.out
    listed = run("bases")
    assert "of-the-cli" in listed.out and "pretrained on" in listed.out
    again = run("pretrain", source, *given)
    assert "The base of-the-cli is as it was made." in again.out


def test_json_ends_with_the_facts(run: Run, tmp_path: Path) -> None:
    sizes = ("--layers", "1", "--width", "16", "--pieces", "120", "--epochs", "1", "--minutes", "2")
    done = run("pretrain", _source(tmp_path), "--from-scratch", "--name", "from-nothing", *sizes, "--json")
    assert done.code == 0
    last = json.loads(done.out.strip().splitlines()[-1])
    assert last["name"] == "from-nothing" and last["bits"][0] > 0 and last["trigram_bits"][0] > 0


def test_a_base_that_writes_or_a_name_that_is_taken_is_an_error_of_two_lines(run: Run, tmp_path: Path) -> None:
    failed = run("pretrain", _source(tmp_path), "--base", "none", "--name", "minilm")
    assert failed.code == 2
    assert "minilm" in failed.two_lines[0] and "--name" in failed.two_lines[1]
