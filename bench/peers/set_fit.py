"""SetFit by its own library at its documented defaults, on a schedule that ends within its time.

Its defaults: pairs by oversampling, cosine similarity loss, batches of 16, one epoch, body learning rate 2e-5, and
logistic regression on the embeddings. Where its one epoch does not fit in the time, `max_steps` ends it; how fast it
is, is measured beforehand on steps that are not counted. Texts are read up to 256 tokens, as its English base would.
"""

import tempfile
import time
from typing import Any

from peers.pace import pace

BATCH, MAX_TOKENS = 16, 256
_PROBED = 4
_MARGIN = 0.95


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    """Return answers to the test texts, the seconds of loading and training, and the steps that they held.

    Args:
        asked: train, labels, test, seed, base (a folder), prefix (before each text), seconds (None: its own epoch).
    """
    from datasets import Dataset
    from setfit import SetFitModel, Trainer, TrainingArguments

    names = sorted(set(asked["labels"]))
    prefixed = [asked["prefix"] + text for text in asked["train"]]
    rows = Dataset.from_dict({"text": prefixed, "label": [names.index(label) for label in asked["labels"]]})

    def trained(steps: int, out: str) -> Any:
        model = SetFitModel.from_pretrained(asked["base"])
        model.model_body.max_seq_length = MAX_TOKENS
        arguments = TrainingArguments(
            output_dir=out,
            max_steps=steps,
            seed=asked["seed"],
            report_to="none",
            save_strategy="no",
            show_progress_bar=False,
        )
        Trainer(model=model, args=arguments, train_dataset=rows).train()
        return model

    usual = epoch_steps(asked["labels"])
    with tempfile.TemporaryDirectory() as out:
        steps = usual
        if asked["seconds"] is not None:
            fixed, a_step = pace(lambda count: trained(count, out), _PROBED)
            steps = max(1, min(usual, int((_MARGIN * asked["seconds"] - fixed) / a_step)))
        begun = time.perf_counter()
        model = trained(-1 if steps == usual else steps, out)
        seconds = time.perf_counter() - begun
    found = model.predict([asked["prefix"] + text for text in asked["test"]], batch_size=64, show_progress_bar=False)
    plan = f"setfit, {steps} of {usual:,} steps"
    return {"answers": [names[int(at)] for at in found], "seconds": seconds, "plan": plan, "whole": steps == usual}


def epoch_steps(labels: list[str]) -> int:
    """Return the steps of its one epoch: as many positive as negative pairs, a text with itself counted among them."""
    sizes = [labels.count(label) for label in set(labels)]
    positive = sum(size * (size + 1) // 2 for size in sizes)
    every = len(labels) * (len(labels) + 1) // 2
    return -(-2 * max(positive, every - positive) // BATCH)
