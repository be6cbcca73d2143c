"""One score a task: `haoqi improve` on public data in less than ten minutes, told by code of this file.

    python bench/tasks.py --case semeval      # official macro-F1 of the nine relations      wanted 0.840
    python bench/tasks.py --case tydi         # F1 of answers, a fifth held out              wanted 0.500 (exact 0.350)
    python bench/tasks.py --case no-answer    # the same with 20 % wrong contexts: no-answer F1     wanted 0.800
    python bench/tasks.py --case stsb-en      # Pearson                                      wanted 0.820
    python bench/tasks.py --case stsb-zh      # Pearson                      wanted the untuned cosine's or better
    python bench/tasks.py --case bustm        # accuracy from 32 examples                    wanted 0.654
    python bench/tasks.py --case tnews        # accuracy from 240 examples                   wanted 0.512
    python bench/tasks.py --case conll2003    # macro-F1 of the tags of words, O included    wanted 0.909

A case writes what is learnt from into files of its own, runs `haoqi.improve` on them as a newcomer would, asks the
release about the published test split, and scores it by itself: nothing of the house's metrics has a part in it. The
score is what the last line ends with.
"""

import argparse
import csv
import json
import os
import random
import re
import string
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import table

sys.path.append(str(Path(__file__).resolve().parents[1]))

MINUTES = 8.5
"""Of the search, its release included; reading, loading and the test's answers are to fit into the rest of ten."""


@dataclass(frozen=True)
class Case:
    """What is learnt from, what is asked, and how the answers are scored."""

    task: str
    files: Callable[[Path], dict[str, str]]
    """Writes the files of a case into a folder, and returns the settings of the run."""
    queries: Sequence[Any]
    """What the release is asked."""
    score: Callable[[Sequence[Any]], dict[str, float]]
    """Answers to scores; the first one is what is asked for."""
    wanted: float
    beside: Callable[[], dict[str, float]] = field(default=dict)
    """What costs nothing, under the same score."""


def write_rows(path: Path, head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Write a CSV file and return where it lies."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    return str(path)


def semeval() -> Case:
    """Relations between two marked stretches: SemEval-2010 task 8, with its own test."""
    train, test = semeval_rows("TRAIN_FILE.TXT"), semeval_rows("TEST_FILE_FULL.TXT")
    assert (len(train), len(test)) == (8000, 2717), (len(train), len(test))
    truth = [label for _, label in test]
    return Case(
        "relations",
        lambda folder: {"source": write_rows(folder / "train.csv", ["text", "label"], train)},
        [text for text, _ in test],
        lambda answers: {
            "official macro-F1": relation_f1(truth, answers),
            "accuracy": float(np.mean([one == other for one, other in zip(truth, answers, strict=True)])),
        },
        0.84,
    )


def semeval_rows(name: str) -> list[tuple[str, str]]:
    """Return the marked sentences of a file, each with its relation."""
    text = (table.DATA / "semeval2010_task8" / name).read_text(encoding="utf-8", errors="replace")
    found = re.findall(r'^\d+\t"(.*)"\s*\n(\S+)', text.replace("\r", ""), re.MULTILINE)
    return [(sentence, label) for sentence, label in found]


def relation_f1(truth: Sequence[str], answers: Sequence[str]) -> float:
    """Return the official score in [0, 1]: the mean F1 of all relations but Other, right only in their direction."""

    def relation(label: str) -> str:
        return label.partition("(")[0]

    scores = []
    for name in sorted({relation(one) for one in truth} - {"Other"}):
        right = sum(one == other and relation(one) == name for one, other in zip(truth, answers, strict=True))
        both = sum(relation(one) == name for one in truth) + sum(relation(str(one)) == name for one in answers)
        scores.append(2 * right / both if both else 0.0)
    return float(np.mean(scores))


def tydi(*, planted: float = 0.0) -> Case:
    """Answers in a context: the English half of TyDi's gold passages, every fifth question held out."""
    asked = tydi_questions()
    random.Random(0).shuffle(asked)
    fifth = len(asked) // 5
    test, train = _planted(asked[:fifth], planted), _planted(asked[fifth:], planted)

    def files(folder: Path) -> dict[str, str]:
        path = folder / "train.json"
        path.write_text(json.dumps(squad(train, "2.0" if planted else "1.1")), encoding="utf-8")
        return {"source": str(path)}

    golds = [[answer["text"] for answer in one["answers"]] for _, one in test]

    def score(answers: Sequence[Any]) -> dict[str, float]:
        texts = [_answer_text(one, context) for one, (context, _) in zip(answers, test, strict=True)]
        pairs = list(zip(golds, texts, strict=True))
        found = {
            "F1": float(
                np.mean([max((word_f1(gold, text) for gold in gs or [""]), default=0.0) for gs, text in pairs])
            ),
            "exact match": float(
                np.mean([any(_plain(gold) == _plain(text) for gold in gs or [""]) for gs, text in pairs])
            ),
        }
        if planted:
            none = [(not gold, not text) for gold, text in pairs]
            right = sum(true and said for true, said in none)
            both = sum(true for true, _ in none) + sum(said for _, said in none)
            found = {"no-answer F1": 2 * right / both if both else 0.0, **found}
        return found

    queries = [(one["question"], context) for context, one in test]
    return Case("answers", files, queries, score, 0.8 if planted else 0.5)


def tydi_questions() -> list[tuple[str, Any]]:
    """Return each context with its question and answers."""
    plain = json.loads((table.DATA / "tydiqa_en" / "train.json").read_text(encoding="utf-8"))["data"]
    return [(place["context"], one) for doc in plain for place in doc["paragraphs"] for one in place["qas"]]


def squad(asked: Sequence[tuple[str, Any]], version: str = "1.1") -> dict[str, Any]:
    """Return questions in the form of SQuAD."""
    articles = [
        {"title": str(at), "paragraphs": [{"context": context, "qas": [one]}]}
        for at, (context, one) in enumerate(asked)
    ]
    return {"version": version, "data": articles}


def _planted(asked: list[tuple[str, Any]], share: float) -> list[tuple[str, Any]]:
    """Return questions of which a share has the context of another one, and no answer."""
    count = int(share * len(asked))
    rng = random.Random(1)
    found = list(asked)
    for at in range(count):
        question = asked[at][1]
        other = asked[rng.randrange(count, len(asked))][0]
        while any(answer["text"].lower() in other.lower() for answer in question["answers"]):
            other = asked[rng.randrange(count, len(asked))][0]
        found[at] = (other, {**question, "answers": [], "is_impossible": True})
    return found


def _answer_text(answer: Any, context: str) -> str:
    """Return the text of an answer, which is spans of the context, one or none."""
    if not answer:
        return ""
    if isinstance(answer, str):
        return answer
    span = answer[0]
    return context[span.start : span.end]


def _plain(text: str) -> str:
    """Return a text as SQuAD's own script compares it."""
    kept = "".join(one for one in text.lower() if one not in set(string.punctuation))
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", kept).split())


def word_f1(gold: str, text: str) -> float:
    """Return the F1 of the words of two answers as SQuAD's own script does."""
    one, other = _plain(gold).split(), _plain(text).split()
    if not one or not other:
        return float(one == other)
    same = sum((Counter(one) & Counter(other)).values())
    return 2 * same / (len(one) + len(other))


def stsb(language: str, base: str) -> Case:
    """How alike two sentences are, from 0 to 5: the STS benchmark."""
    splits: dict[str, list[tuple[str, str, float]]] = {}
    for part in ("train", "dev", "test"):
        with (table.DATA / "stsb_en_zh" / f"stsb-{language}-{part}.csv").open(encoding="utf-8", newline="") as file:
            splits[part] = [(one, other, float(value)) for one, other, value in csv.reader(file)]
    test, head = splits["test"], ["first", "second", "score"]
    truth = [value for _, _, value in test]

    def files(folder: Path) -> dict[str, str]:
        paths = {part: write_rows(folder / f"{part}.csv", head, splits[part]) for part in ("train", "dev")}
        columns = {"text": "first", "pair": "second", "label": "score"}
        return {"source": paths["train"], "valid_file": paths["dev"], **columns}

    def score(answers: Sequence[Any]) -> dict[str, float]:
        return {"Pearson": float(np.corrcoef(truth, np.asarray(answers, dtype=float))[0, 1])}

    def cosine() -> dict[str, float]:
        from haoqi.core import folder as folders
        from haoqi.models.bases import resolve
        from haoqi.models.encoders.embedder import Embedder

        read = Embedder(resolve(base, folders.cache()))
        both = read([one for one, _, _ in test]), read([other for _, other, _ in test])
        return {f"cosine of {base}": score((both[0] * both[1]).sum(axis=1))["Pearson"]}

    beside = cosine if language == "zh" else dict
    return Case(
        "similarity", files, [(one, other) for one, other, _ in test], score, 0.82 if language == "en" else 0.0, beside
    )


def bustm() -> Case:
    """Whether two Chinese questions mean the same, from 32 examples: FewCLUE's BUSTM."""
    splits = {name: json_lines("fewclue_bustm", name) for name in ("train_0", "test_public")}
    rows = {
        name: [(one["sentence1"], one["sentence2"], str(one["label"])) for one in plain]
        for name, plain in splits.items()
    }
    head = ["first", "second", "label"]
    columns = {"text": "first", "pair": "second", "label": "label"}
    return Case(
        "paraphrase",
        lambda folder: {"source": write_rows(folder / "train.csv", head, rows["train_0"]), **columns},
        [(one, other) for one, other, _ in rows["test_public"]],
        lambda answers: _accuracy([label for _, _, label in rows["test_public"]], answers),
        0.654,
    )


def tnews() -> Case:
    """Topics of Chinese headlines, from 240 examples: FewCLUE's TNEWS."""
    rows = {
        name: [(one["sentence"], one["label_desc"]) for one in json_lines("fewclue_tnews", name)]
        for name in ("train_0", "test_public")
    }
    return Case(
        "topic",
        lambda folder: {"source": write_rows(folder / "train.csv", ["text", "label"], rows["train_0"])},
        [text for text, _ in rows["test_public"]],
        lambda answers: _accuracy([label for _, label in rows["test_public"]], answers),
        0.512,
    )


def json_lines(folder: str, name: str) -> list[dict[str, Any]]:
    """Return the records of a file of FewCLUE."""
    lines = (table.DATA / folder / f"{name}.json").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def _accuracy(truth: Sequence[str], answers: Sequence[Any]) -> dict[str, float]:
    return {"accuracy": float(np.mean([one == str(other) for one, other in zip(truth, answers, strict=True)]))}


def conll2003() -> Case:
    """Named entities in news: the tags of words, and whole entities, on testb."""
    sentences = bio_sentences(table.DATA / "conll2003" / "eng.testb")

    def score(answers: Sequence[Any]) -> dict[str, float]:
        given = [tags_of(words, spans) for (words, _), spans in zip(sentences, answers, strict=True)]
        truth = [tags for _, tags in sentences]
        rows = tag_rows([tag for tags in truth for tag in tags], [tag for tags in given for tag in tags])
        table.show(rows, ["tag", "precision", "recall", "F1", "words"])
        scores = {row["tag"]: row["F1"] for row in rows}
        return {
            "macro-F1 of tags": scores["macro average"],
            "micro": scores["micro average"],
            **entity_f1(truth, given),
        }

    return Case(
        "entities",
        lambda folder: {"source": str(table.DATA / "conll2003")},
        [" ".join(words) for words, _ in sentences],
        score,
        0.909,
    )


def bio_sentences(path: Path) -> list[tuple[list[str], list[str]]]:
    """Return the words and BIO tags of a file in IOB1, where B- stands only between two entities of a type."""
    found: list[tuple[list[str], list[str]]] = []
    for block in re.split(r"\n\s*\n", path.read_text(encoding="utf-8")):
        lines = [line.split() for line in block.splitlines() if line.strip() and not line.startswith("-DOCSTART-")]
        tags: list[str] = []
        before = "O"
        for line in lines:
            tag = line[-1]
            starts = tag.startswith("I-") and before[2:] != tag[2:]
            tags.append(f"B-{tag[2:]}" if starts else tag)
            before = tag
        if lines:
            found.append(([line[0] for line in lines], tags))
    return found


def tags_of(words: Sequence[str], spans: Sequence[Any]) -> list[str]:
    """Return the BIO tag of each word of a text whose words were joined by blanks."""
    tags, at = [], 0
    for word in words:
        end = at + len(word)
        over = next((span for span in spans if span.start < end and span.end > at), None)
        tags.append("O" if over is None else f"{'B' if over.start >= at else 'I'}-{over.label}")
        at = end + 1
    return tags


def tag_rows(truth: Sequence[str], given: Sequence[str]) -> list[dict[str, Any]]:
    """Return precision, recall and F1 of each tag, then their averages: over words, over tags, and weighed by words."""
    rows: list[dict[str, Any]] = []
    pairs, true, said = Counter(zip(truth, given, strict=True)), Counter(truth), Counter(given)
    for tag in sorted(true, key=lambda tag: (tag == "O", tag[2:], tag)):
        right = pairs[tag, tag]
        precision, recall = right / max(1, said[tag]), right / true[tag]
        rows.append({"tag": tag, "precision": precision, "recall": recall, "F1": 2 * right / (true[tag] + said[tag])})
        rows[-1]["words"] = true[tag]
    count = sum(true.values())
    micro = sum(pairs[tag, tag] for tag in true) / count
    means = {name: float(np.mean([row[name] for row in rows])) for name in ("precision", "recall", "F1")}
    averages = [
        {"tag": "micro average", "precision": micro, "recall": micro, "F1": micro, "words": count},
        {"tag": "macro average", **means, "words": count},
    ]
    return rows + averages


def entity_f1(truth: Sequence[Sequence[str]], given: Sequence[Sequence[str]]) -> dict[str, float]:
    """Return the F1 of whole entities, from BIO tags."""
    both = [{(at, *one) for at, tags in enumerate(side) for one in _entities(tags)} for side in (truth, given)]
    return {"entity F1": 2 * len(both[0] & both[1]) / max(1, len(both[0]) + len(both[1]))}


def _entities(tags: Sequence[str]) -> set[tuple[int, int, str]]:
    found, start = set(), None
    for at, tag in enumerate([*tags, "O"]):
        if start is not None and not (tag.startswith("I-") and tag[2:] == tags[start][2:]):
            found.add((start, at, tags[start][2:]))
            start = None
        if start is None and tag != "O":
            start = at
    return found


CASES: dict[str, Callable[[], Case]] = {
    "semeval": semeval,
    "tydi": tydi,
    "no-answer": lambda: tydi(planted=0.2),
    "stsb-en": lambda: stsb("en", "minilm"),
    "stsb-zh": lambda: stsb("zh", "multilingual"),
    "bustm": bustm,
    "tnews": tnews,
    "conll2003": conll2003,
}


def told(event: Any) -> None:
    """Print what matters of an event."""
    if type(event).__name__ in ("Tried", "Trying", "Released", "Note"):
        print(event, flush=True)


def answered(name: str, case: Case, given: argparse.Namespace, scratch: Path) -> dict[str, Any]:
    """Return what a run's release scores on the test split, and what it took."""
    import haoqi

    begun = time.perf_counter()
    settings: dict[str, Any] = {**case.files(scratch)}
    settings |= {"methods": given.methods.split(",")} if given.methods else {}
    haoqi.improve(
        settings.pop("source"),
        task=case.task,
        name="bench",
        minutes=given.minutes,
        seed=given.seed,
        compile=False,
        listen=told,
        **settings,
    )
    learnt = time.perf_counter() - begun
    model = haoqi.load("bench")
    scores = case.score(model.predict(list(case.queries)).labels)
    seconds = {"learning_seconds": round(learnt), "seconds": round(time.perf_counter() - begun)}
    return {"case": name, **seconds, "plan": model.facts["plan"], "scores": scores}


def main() -> None:
    """Run the cases one after the other; the last line ends with the score of the last one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", nargs="+", choices=list(CASES), default=list(CASES))
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--methods", help="only these, with commas between")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--dry", action="store_true", help="record nothing")
    given = parser.parse_args()
    last = ""
    for name in given.case:
        case = CASES[name]()
        with tempfile.TemporaryDirectory() as home:
            _in_home(Path(home))
            scratch = Path(home) / "files"
            scratch.mkdir()
            found = {**answered(name, case, given, scratch), "beside": case.beside()}
        facts = {"minutes": given.minutes, "seed": given.seed, "wanted": case.wanted or max(found["beside"].values())}
        if not given.dry:
            table.record("tasks", **facts, **found)
        first, *others = found["scores"].items()
        rest = ", ".join(f"{metric} {score:.4f}" for metric, score in [*others, *found["beside"].items()])
        print(f"{name}: {found['plan']} in {found['seconds']} s{'; ' if rest else ''}{rest}")
        last = f"{name}: {first[0]} (wanted {facts['wanted']:.3f}) {first[1]:.4f}"
        print(last, flush=True)


def _in_home(home: Path) -> None:
    """Let a run have a home of its own, with the bases that were fetched before."""
    from haoqi.core import folder

    os.environ.pop("HAOQI_HOME", None)
    known = folder.cache()
    known.mkdir(parents=True, exist_ok=True)
    (home / "cache").symlink_to(known, target_is_directory=True)
    os.environ["HAOQI_HOME"] = str(home)


if __name__ == "__main__":
    main()
