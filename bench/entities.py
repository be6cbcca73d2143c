"""Entity F1 in the same minutes: `haoqi improve` against the Hugging Face Trainer on the same base and files.

    python bench/entities.py --data conll2003 --base minilm --minutes 10
    python bench/entities.py --data cluener --base multilingual --minutes 10

The peer is what a practitioner writes from the token-classification guide: AutoModelForTokenClassification,
dynamic padding, batches of 16, learning rate 1e-4 with 10 % warm-up and linear decay. It is given a schedule
that ends within the minutes, from a speed measured beforehand whose measuring is not counted against it; the
minutes of Haoqi count everything: reading, the cheap plans, the search and the scoring of the test split.
Both are scored on the same test words with seqeval.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import table

BATCH = 16
LEARNING_RATE = 1e-4


def ours(data: str, base: str, minutes: float, seed: int) -> dict[str, Any]:
    """Return what `haoqi improve` reaches on the test split, and in what time."""
    import haoqi

    with tempfile.TemporaryDirectory() as home:
        os.environ["HAOQI_HOME"] = str(home)
        begun = time.perf_counter()
        run = haoqi.improve(
            str(table.DATA / data), task="entities", minutes=minutes, base=(base,), seed=seed, name="bench", listen=told
        )
        seconds = time.perf_counter() - begun
        score, low, high = run.release.evidence["test"]["scores"]["entity_f1"]
        model = haoqi.load("bench")
        return {
            "who": "haoqi",
            "score": score,
            "low": low,
            "high": high,
            "seconds": seconds,
            "plan": model.facts["plan"],
        }


def told(event: Any) -> None:
    """Print what matters of an event."""
    if type(event).__name__ in ("Tried", "Trying", "Released"):
        print(event, flush=True)


def splits(data: str) -> Any:
    """Return the task and the splits as Haoqi reads them, so that both learn from and answer the same words."""
    from haoqi import data as room
    from haoqi import tasks
    from haoqi.data.settings import DataSettings

    settings = DataSettings(str(table.DATA / data))
    raw = room.read(settings)
    task, _ = tasks.resolve("entities", raw)
    with tempfile.TemporaryDirectory() as folder:
        return task, room.prepare(raw, task.output.read, settings, seed=0, folder=Path(folder) / "data").splits


def peer(data: str, base: str, minutes: float, seed: int) -> dict[str, Any]:
    """Return what the Hugging Face Trainer reaches in the same minutes."""
    import transformers
    from transformers import (
        AutoModelForTokenClassification,
        AutoTokenizer,
        DataCollatorForTokenClassification,
        Trainer,
        TrainingArguments,
    )

    from haoqi.evaluate.tags import tag_names

    transformers.logging.set_verbosity_error()
    task, found = splits(data)
    names = tag_names(task.labels)
    folder = base_folder(base)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    train = [encoded(tokenizer, *row, names) for row in rows(found.train)]
    test = [encoded(tokenizer, *row, names) for row in rows(found.test)]

    def trainer(steps: int) -> Trainer:
        transformers.set_seed(seed)
        model = AutoModelForTokenClassification.from_pretrained(folder, num_labels=len(names))
        with tempfile.TemporaryDirectory() as out:
            arguments = TrainingArguments(
                out,
                max_steps=steps,
                per_device_train_batch_size=BATCH,
                per_device_eval_batch_size=64,
                learning_rate=LEARNING_RATE,
                warmup_steps=steps // 10,
                save_strategy="no",
                report_to=[],
                disable_tqdm=True,
                seed=seed,
            )
            return Trainer(model, arguments, DataCollatorForTokenClassification(tokenizer), train_dataset=train)

    begun = time.perf_counter()
    trainer(30).train()
    a_step = (time.perf_counter() - begun) / 30
    begun = time.perf_counter()
    fitted = trainer(int(minutes * 60 / a_step))
    fitted.train()
    seconds = time.perf_counter() - begun
    score = scored(fitted.predict(test), found.test, names)
    epochs = round(minutes * 60 / a_step * BATCH / len(train), 2)
    return {"who": "Hugging Face Trainer", "score": score, "seconds": seconds, "plan": f"full, {epochs} epochs"}


def base_folder(base: str) -> Path:
    """Return where a base lies."""
    from haoqi.core.folder import cache
    from haoqi.models.bases import resolve

    return resolve(base, cache()).folder


def rows(examples: Any) -> list[tuple[list[str], list[str]]]:
    """Return the words of each example and their BIO tags."""
    from haoqi.tasks.words import words_of

    found = []
    for text, spans, words in zip(examples.texts, examples.labels, words_of(examples), strict=True):
        tagged = ["O"] * len(words)
        for span in spans:
            inside = [at for at, (start, end) in enumerate(words) if start >= span.start and end <= span.end]
            for place, at in enumerate(inside):
                tagged[at] = f"{'I' if place else 'B'}-{span.label}"
        found.append(([text[start:end] for start, end in words], tagged))
    return found


def encoded(tokenizer: Any, words: list[str], tagged: list[str], names: tuple[str, ...]) -> dict[str, Any]:
    """Return an example as the token-classification guide makes it: the first piece of a word has its tag."""
    found = tokenizer(words, is_split_into_words=True, truncation=True, max_length=256)
    before, labels = None, []
    for word in found.word_ids():
        labels.append(-100 if word is None or word == before else names.index(tagged[word]))
        before = word
    return {**found, "labels": labels}


def scored(predicted: Any, examples: Any, names: tuple[str, ...]) -> float:
    """Return the entity F1 as seqeval counts it; words beyond the longest input count as outside."""
    from seqeval.metrics import f1_score

    true, guessed = [], []
    answers = predicted.predictions.argmax(-1)
    for (_, tagged), row, labels in zip(rows(examples), answers, predicted.label_ids, strict=True):
        found = [names[tag] for tag, label in zip(row, labels, strict=True) if label != -100]
        true.append(tagged)
        guessed.append((found + ["O"] * len(tagged))[: len(tagged)])
    return float(f1_score(true, guessed))


def main() -> None:
    """Run both sides one after the other and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="conll2003")
    parser.add_argument("--base", default="minilm")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=["haoqi", "peer"])
    asked = parser.parse_args()
    sides = {"haoqi": ours, "peer": peer}
    wanted = [asked.only] if asked.only else list(sides)
    cells = []
    for side in wanted:
        found = sides[side](asked.data, asked.base, asked.minutes, asked.seed)
        facts = {"data": asked.data, "base": asked.base, "minutes": asked.minutes, "seed": asked.seed}
        cells.append(table.record("entities", **facts, **found))
    table.show(cells, ["data", "base", "minutes", "who", "score", "seconds", "plan"])
    if len(cells) == 2:
        print(f"difference in entity F1: {cells[0]['score'] - cells[1]['score']:+.4f}")


if __name__ == "__main__":
    main()
