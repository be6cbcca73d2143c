"""The Hugging Face Trainer at good defaults, on a schedule that ends within its time.

AutoModelForSequenceClassification, dynamic padding, 256 tokens at most, batches of 16, AdamW at 1e-4 with 10 % warm-up
and linear decay, three epochs, or as many steps as the time holds where that is less. How fast it is, is measured
beforehand on steps that are not counted.
"""

import tempfile
import time
from typing import Any

from peers.pace import pace

BATCH, EPOCHS, LEARNING_RATE, MAX_TOKENS = 16, 3, 1e-4, 256
_PROBED = 6
_MARGIN = 0.95


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    """Return answers to the test texts, the seconds of tokenising and training, and the epochs that they held.

    Args:
        asked: train, labels, test, seed, base (a folder), prefix (before each text), seconds (None: three epochs).
    """
    import torch  # noqa: F401 - imports are not counted
    import transformers
    from transformers import AutoModelForSequenceClassification, DataCollatorWithPadding, Trainer, TrainingArguments

    transformers.logging.set_verbosity_error()
    names = sorted(set(asked["labels"]))
    tokenizer = transformers.AutoTokenizer.from_pretrained(asked["base"])

    def encoded(texts: list[str], labels: list[str] | None = None) -> list[dict[str, Any]]:
        texts = [asked["prefix"] + text for text in texts]
        ids = tokenizer(texts, truncation=True, max_length=MAX_TOKENS)["input_ids"]
        return [{"input_ids": row, "label": names.index(labels[at]) if labels else 0} for at, row in enumerate(ids)]

    def trained(rows: list[dict[str, Any]], steps: int, out: str) -> Trainer:
        transformers.set_seed(asked["seed"])
        model = AutoModelForSequenceClassification.from_pretrained(asked["base"], num_labels=len(names))
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
            use_cpu=True,
            seed=asked["seed"],
        )
        trainer = Trainer(model, arguments, DataCollatorWithPadding(tokenizer), train_dataset=rows)
        trainer.train()
        return trainer

    most = max(1, EPOCHS * len(asked["train"]) // BATCH)
    with tempfile.TemporaryDirectory() as out:
        steps = most
        if asked["seconds"] is not None:
            fixed, a_step = pace(lambda count: trained(encoded(asked["train"], asked["labels"]), count, out), _PROBED)
            steps = max(1, min(most, int((_MARGIN * asked["seconds"] - fixed) / a_step)))
        begun = time.perf_counter()
        trainer = trained(encoded(asked["train"], asked["labels"]), steps, out)
        seconds = time.perf_counter() - begun
        found = trainer.predict(encoded(asked["test"])).predictions.argmax(-1)
    plan = f"full, {steps * BATCH / len(asked['train']):.2f} epochs"
    return {"answers": [names[at] for at in found], "seconds": seconds, "plan": plan, "whole": steps == most}
