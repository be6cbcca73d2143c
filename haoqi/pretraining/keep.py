"""A model after its pretraining as a base: weights, tokenizer, card, and its output layer to go on with."""

import shutil
from pathlib import Path
from typing import Any

from haoqi.core.folder import building, write_atomic
from haoqi.models.bases import BaseCard, write_card
from haoqi.models.bases._loading import quiet
from haoqi.models.encoders.base_copy import FILES
from haoqi.pretraining.language_model import save_head, whole_encoder
from haoqi.pretraining.train import Setup


def keep(setup: Setup, folder: Path, card: BaseCard, made: dict[str, Any]) -> None:
    """Write a base into a folder, whole or not at all; the model is used up.

    Args:
        setup: after training.
        folder: what lies there is replaced.
        card: the facts that methods and people need.
        made: how it came about.

    Raises:
        UserError: if no space is left, or the folder cannot be written to.
    """
    tokens = int(setup.vocabulary.kept.max()) + 1
    encoder = whole_encoder(setup.model, setup.base, setup.vocabulary)
    tokens = max(tokens, len(encoder.get_input_embeddings().weight))
    with building(folder) as place:
        with quiet():
            encoder.save_pretrained(place)
        for pattern in FILES:
            if not pattern.startswith(("config", "model")):
                for file in sorted(setup.base.folder.glob(pattern)):
                    shutil.copyfile(file, place / file.name)
        save_head(setup.model, setup.vocabulary, tokens, place)
        write_card(place, card, made)
        write_atomic(place / "README.md", page(card, made))


def page(card: BaseCard, made: dict[str, Any]) -> str:
    """Return the model card that a person reads."""
    front = f"---\nlicense: {card.licence}\n---\n" if card.licence else ""
    texts = made["texts"]
    lines = [
        f"{front}# {card.name}\n",
        f"{card.description}.\n",
        f"- made from: {made['from'] or 'nothing (random weights and a tokenizer learnt from the texts)'}",
        f"- texts: {texts['train']:,} of {made['source']}; {texts['watched']:,} others decided when to end, and"
        f" {texts['measured']:,} others measured",
        f"- steps: {made['steps']:,}, ended: {made['ended']}",
    ]
    if "loss_before" in made:
        lines += [
            f"- loss at hidden words before: {_between(made['loss_before'])}, with an output layer trained on the base"
            " as it was",
            f"- loss at hidden words after: {_between(made['loss'])}",
            f"- fall: {_between(made['fall'], '.1%')}",
        ]
    if "bits" in made:
        lines += [
            f"- bits a character, each token by those before it: {_between(made['bits'])}",
            f"- a character trigram model (Kneser-Ney): {_between(made['trigram_bits'])}",
            f"- loss at hidden words: {_between(made['loss'])}",
        ]
    return "\n".join(lines) + "\n\nWhether a task gains by it is for a paired test: `haoqi improve` makes one.\n"


def _between(found: list[float], form: str = ".3f") -> str:
    mean, low, high = (format(one, form) for one in found)
    return f"{mean} (95 % sure between {low} and {high})"
