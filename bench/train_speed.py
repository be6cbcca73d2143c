"""Examples learnt from per second: `full` and `top_layers` against the Hugging Face Trainer on the same texts.

    python bench/train_speed.py                          # sst2 and ag_news, three seeds: about twenty minutes
    python bench/train_speed.py --data sst2 --seeds 1 --rows 500
    python bench/train_speed.py --method lora --rows 500 --seeds 1       # or adapter, bitfit: against PEFT

The peer is the Trainer at its defaults (batches of 8, learning rate 5e-5, linear decay, dropout, every weight) with
dynamic padding. Its seconds are those of `train()`; ours are those of the whole fit: loading the base, tokenising and
the head's start included. Both learn the same rows for the same epochs and answer the same test rows. The Trainer's
bf16 switch is timed on a few steps, since on a machine without bf16 arithmetic more would take hours. Each cell is
written as it ends, and cells that are there are not run again (--again).

With --method the peer is PEFT under the Trainer (LoRA), or the same weights trained under the Trainer where PEFT has
no such method (bottleneck adapters, BitFit), at the learning rate of ours. Their ratio is that of processor seconds,
which other work on the machine changes less than the clock's; the clock's is printed, too.
"""

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import table

ROWS = {"sst2": 1200, "ag_news": 240}
EPOCHS = 2
TEST_ROWS = 1200
MAX_TOKENS = 256
BATCH_OF_PEER = 8
BF16_STEPS = 1
FROZEN = 4


def texts_of(data: str, rows: int) -> tuple[list[str], list[str], list[str], list[str]]:
    """Return training texts and labels, and test texts and labels: the first rows after a fixed shuffle."""
    folder = table.DATA / data
    if data == "sst2":
        train, test = ([*_lines(folder / f"{part}.tsv")] for part in ("train", "test"))
    else:
        train, test = (
            [(row["sentence"], row["label"]) for row in json.loads((folder / f"agnews_{part}.json").read_text())]
            for part in ("train", "test")
        )
    found: list[list[str]] = []
    for part, most in ((train, rows), (test, TEST_ROWS)):
        chosen = np.random.default_rng(0).permutation(len(part))[:most]
        found += [[part[at][0] for at in chosen], [part[at][1] for at in chosen]]
    return found[0], found[1], found[2], found[3]


def _lines(path: Path) -> Any:
    for line in path.read_text(encoding="utf-8").splitlines():
        text, _, label = line.rpartition("\t")
        yield text, label


def ours(data: str, rows: int, seed: int, method: str, epochs: int = EPOCHS) -> dict[str, Any]:
    """Return what one of our methods reaches, and in what time."""
    import haoqi.methods._tuning as tuning
    from haoqi.core.folder import cache
    from haoqi.data.examples import Examples
    from haoqi.methods.method import Job, Progress, methods
    from haoqi.models.bases import load_encoder, resolve
    from haoqi.models.feature_store.store import FeatureStore
    from haoqi.tasks import build

    train, labels, test, answers = texts_of(data, rows)
    base = resolve("minilm", cache())
    load_encoder(base)  # imports what the peer has imported before its clock starts
    task = build("classification", tuple(sorted(set(labels))))
    settings: dict[str, Any] = {"epochs": epochs}
    if method == "top_layers":
        settings["layers"] = 6 - FROZEN
    told: list[tuple[float, str]] = []

    def report(progress: Progress) -> None:
        told.append((time.perf_counter(), progress.note))

    with tempfile.TemporaryDirectory() as folder:
        job = Job(
            task=task,
            train=Examples.of(train, labels),
            valid=Examples.of([]),
            seed=seed,
            store=FeatureStore(Path(folder)),
            base=base,
            report=report,
        )
        trained: list[int] = []
        real = tuning.fit

        def fit(learner: Any, *given: Any, **named: Any) -> Any:
            trained.append(sum(weight.numel() for weight in learner.module.parameters() if weight.requires_grad))
            return real(learner, *given, **named)

        tuning.fit = fit
        begun, processor = time.perf_counter(), time.process_time()
        predictor = methods.build(method, **settings).fit(job)
        seconds, processor = time.perf_counter() - begun, time.process_time() - processor
        tuning.fit = real
    loop = [at for at, note in told if note.startswith("epoch ")]
    scores = predictor.scores(Examples.of(test))
    guessed = [task.labels[at] for at in np.asarray(scores).argmax(axis=1)]
    return {
        "who": f"haoqi {method}",
        "seconds": seconds,
        "processor_seconds": processor,
        "loop_seconds": loop[-1] - loop[0],
        "trained": trained[0],
        "rate": rows * epochs / seconds,
        "accuracy": float(np.mean([one == other for one, other in zip(guessed, answers, strict=True)])),
        "epochs": epochs,
    }


def adapted(model: Any, method: str) -> Any:
    """Return a model of which the same weights learn as under our method of this name."""
    if method == "lora":
        from peft import LoraConfig, TaskType, get_peft_model

        inside = r"attention\.self\.(query|key|value)|attention\.output\.dense|intermediate\.dense|output\.dense"
        targets = rf".*encoder\.layer\.\d+\.({inside})"
        return get_peft_model(model, LoraConfig(TaskType.SEQ_CLS, r=16, lora_alpha=32, target_modules=targets))
    if method == "adapter":
        from haoqi.models.encoders.adapters.bottleneck import Bottleneck

        Bottleneck().attach(model.bert)
        model.bert.pooler.requires_grad_(False)
        return model
    for name, weight in model.named_parameters():
        weight.requires_grad_(name.startswith("classifier") or (name.endswith("bias") and "pooler" not in name))
    return model


def peer(data: str, rows: int, seed: int, bf16: bool = False, method: str = "") -> dict[str, Any]:
    """Return what the Hugging Face Trainer reaches, and in what time; with all weights, or those of a method."""
    import transformers
    from transformers import (
        AutoModelForSequenceClassification,
        AutoTokenizer,
        DataCollatorWithPadding,
        Trainer,
        TrainingArguments,
    )

    from haoqi.core.folder import cache
    from haoqi.models.bases import resolve

    transformers.logging.set_verbosity_error()
    train, labels, test, answers = texts_of(data, rows)
    names = sorted(set(labels))
    base = resolve("minilm", cache()).folder
    tokenizer = AutoTokenizer.from_pretrained(base)

    def encoded(texts: list[str], targets: list[str]) -> list[dict[str, Any]]:
        found = tokenizer(texts, truncation=True, max_length=MAX_TOKENS)["input_ids"]
        return [{"input_ids": ids, "label": names.index(one)} for ids, one in zip(found, targets, strict=True)]

    transformers.set_seed(seed)
    model = AutoModelForSequenceClassification.from_pretrained(base, num_labels=len(names))
    rate = {}
    if method:
        from haoqi.methods.method import methods

        model, rate = adapted(model, method), {"learning_rate": methods.build(method).learning_rate}
    with tempfile.TemporaryDirectory() as out:
        arguments = TrainingArguments(
            out,
            num_train_epochs=EPOCHS,
            max_steps=BF16_STEPS if bf16 else -1,
            per_device_train_batch_size=BATCH_OF_PEER,
            per_device_eval_batch_size=64,
            bf16=bf16,
            use_cpu=True,
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
            seed=seed,
            **rate,
        )
        collator = DataCollatorWithPadding(tokenizer)
        trainer = Trainer(model, arguments, collator, train_dataset=encoded(train, labels))
        begun, processor = time.perf_counter(), time.process_time()
        trainer.train()
        seconds, processor = time.perf_counter() - begun, time.process_time() - processor
        if bf16:
            learnt = BF16_STEPS * BATCH_OF_PEER
            return {"who": "Trainer bf16", "seconds": seconds, "rate": learnt / seconds, "epochs": learnt / rows}
        guessed = trainer.predict(encoded(test, answers)).predictions.argmax(-1)
    accuracy = float(np.mean([names[one] == other for one, other in zip(guessed, answers, strict=True)]))
    return {
        "who": f"Trainer {method}".strip(),
        "seconds": seconds,
        "processor_seconds": processor,
        "trained": sum(weight.numel() for weight in model.parameters() if weight.requires_grad),
        "rate": rows * EPOCHS / seconds,
        "accuracy": accuracy,
        "epochs": EPOCHS,
    }


def share_of_peak(data: str, rows: int, rate: float) -> float:
    """Return the share of the probed fp32 peak that full fine-tuning at this rate comes to."""
    from haoqi.core import hardware
    from haoqi.core.folder import cache
    from haoqi.models.bases import load_tokenizer, resolve
    from haoqi.models.encoders.tokens import lengths_of, read_texts

    base = resolve("minilm", cache())
    tokens = lengths_of(read_texts(load_tokenizer(base), texts_of(data, rows)[0], MAX_TOKENS)).mean()
    operations = 6 * 12 * base.card.width**2 * base.card.layers * tokens
    return float(rate * operations / 1e9 / hardware.probe(cache()).fp32_gflops)


SIDES: dict[str, Any] = {
    "Trainer": peer,
    "haoqi full": lambda *given: ours(*given, "full"),
    "haoqi top_layers": lambda *given: ours(*given, "top_layers"),
    # Two lengths of training tell what an epoch costs once the states under the frozen boundary are kept.
    "haoqi top_layers, longer": lambda *given: ours(*given, "top_layers", 3 * EPOCHS),
    "Trainer bf16": lambda *given: peer(*given, bf16=True),
}


def sides_of(method: str) -> dict[str, Any]:
    """Return who is compared: all that learns everything, or one method and its peer."""
    if not method:
        return SIDES
    return {
        f"Trainer {method}": lambda *given: peer(*given, method=method),
        f"haoqi {method}": lambda *given: ours(*given, method),
    }


def cells(data: str, rows: int, seeds: int, again: bool, method: str = "") -> list[dict[str, Any]]:
    """Return all cells of one data set, those that are missing computed, the sides taking turns."""
    known = [] if again else [row for row in table.recorded("train_speed") if row["rows"] == rows]
    found = []
    for seed in range(seeds):
        for side, run in sides_of(method).items():
            facts = {"data": data, "rows": rows, "seed": seed, "side": side}
            cell = next((row for row in known if facts.items() <= row.items()), None)
            cell = cell or table.record("train_speed", **facts, **run(data, rows, seed))
            print(json.dumps(cell), flush=True)
            found.append(cell)
    return found


def compare(data: str, rows: int, seeds: int, method: str, *, again: bool) -> None:
    """Run one method and its peer in turns and print what they came to, the ratio last."""
    found = cells(data, rows, seeds, again, method)

    def middle(side: str, what: str) -> float:
        return statistics.median(cell[what] for cell in found if cell["side"].startswith(side))

    print(f"\n{data}, {rows} rows, {EPOCHS} epochs, median of {seeds}")
    for side in ("Trainer", "haoqi"):
        mean = statistics.fmean(cell["accuracy"] for cell in found if cell["side"].startswith(side))
        print(
            f"{side} {method}: {middle(side, 'trained'):,.0f} weights learn, test accuracy {mean:.4f}, "
            f"{middle(side, 'seconds'):.1f} s, {middle(side, 'processor_seconds'):.1f} processor s"
        )
    print(f"{method} to PEFT by the clock: {middle('Trainer', 'seconds') / middle('haoqi', 'seconds'):.2f}")
    ratio = middle("Trainer", "processor_seconds") / middle("haoqi", "processor_seconds")
    print(f"{method} to PEFT, examples a processor second: {ratio:.2f} (wanted 3)")


def main() -> None:
    """Run all sides in turns and print what they came to, ratios last."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="*", default=list(ROWS), choices=list(ROWS))
    parser.add_argument("--rows", type=int)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--method", default="", choices=["", "lora", "adapter", "bitfit"], help="against PEFT")
    parser.add_argument("--again", action="store_true", help="run what was run before")
    asked = parser.parse_args()
    if asked.method:
        for data in asked.data:
            compare(data, asked.rows or ROWS[data], asked.seeds, asked.method, again=asked.again)
        return
    for data in asked.data:
        rows = asked.rows or ROWS[data]
        found = cells(data, rows, asked.seeds, asked.again)

        def middle(side: str, what: str, found: list[dict[str, Any]] = found) -> float:
            return statistics.median(cell[what] for cell in found if cell["side"] == side)

        def mean(side: str, found: list[dict[str, Any]] = found) -> float:
            return statistics.fmean(cell["accuracy"] for cell in found if cell["side"] == side)

        extra = middle("haoqi top_layers, longer", "seconds") - middle("haoqi top_layers", "seconds")
        later = rows * 2 * EPOCHS / extra
        ours_rate, peer_rate = middle("haoqi full", "rate"), middle("Trainer", "rate")
        in_loop = rows * EPOCHS / middle("haoqi full", "loop_seconds")
        print(f"\n{data}, {rows} rows, {EPOCHS} epochs, median of {asked.seeds}; examples a second")
        sides = ("Trainer", "Trainer bf16", "haoqi full", "haoqi top_layers")
        table.show([{"side": side, "rate": middle(side, "rate")} for side in sides], ["side", "rate"])
        print(f"haoqi full in its loop alone: {in_loop:.1f}, {share_of_peak(data, rows, in_loop):.0%} of the fp32 peak")
        print(f"test accuracy: Trainer {mean('Trainer'):.4f}, haoqi full {mean('haoqi full'):.4f}")
        print(f"full to the Trainer: {ours_rate / peer_rate:.2f} (wanted 5)")
        print(f"full to the Trainer with bf16: {ours_rate / middle('Trainer bf16', 'rate'):.2f} (wanted 3)")
        print(f"later epochs with {FROZEN} layers frozen to the Trainer: {later / peer_rate:.2f} (wanted 20)")


if __name__ == "__main__":
    main()
