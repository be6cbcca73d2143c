"""A release as files for elsewhere: what was learnt alone, the whole merged, or in the form of PEFT."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from haoqi.core import folder as folders
from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.models import model as models
from haoqi.models.model import Model
from haoqi.models.releases.releases import Release, get

Form = Literal["adapter", "merged", "peft"]
"""What was learnt beside a base, which the base is needed for; a folder that stands alone; or two files of PEFT."""


def export(reference: str, folder: str | Path, form: Form = "adapter", *, home: Path | None = None) -> Path:
    """Write a release into a folder of its own, and return it.

    Args:
        reference: a release, such as "reviews" or "reviews@2".
        folder: where to; made anew.
        form: "adapter", a few MB or less that `haoqi.load` reads where the base is; "merged", a folder that stands
            alone, whose predictor/ Transformers reads; or "peft", what `peft.PeftModel.from_pretrained` reads, with
            the head and how to use them.
        home: the folder that holds releases/ and cache/; None: HAOQI_HOME.

    Raises:
        UserError: if there is no such release, the folder is there already, or the release has no such form.
    """
    release, place = get(reference, home=home), Path(folder).expanduser().absolute()
    if place.exists():
        raise UserError(say("export.there", path=str(place)), say("export.there.hint"))
    if form == "merged":
        _merged(release).save(place)
        return place
    model = _apart(release)
    if form == "adapter":
        model.save(place, standalone=False)
        return place
    with folders.building(place) as building:
        _write_peft(model, building, release.reference)
    return place


def _merged(release: Release) -> Model:
    """Return a model whose network is one of Transformers' own.

    Raises:
        UserError: if something must stay beside it.
    """
    model = models.load(release.folder, folders.cache(release.home), compiled=False)
    network: Any = getattr(model.predictor, "model", None)
    adapter = getattr(network, "adapter", None)
    if adapter is not None and not adapter.kind.merges:
        method = str(release.facts.get("method"))
        raise UserError(say("export.never_merged", method=method), say("export.never_merged.hint"))
    return model


def _apart(release: Release) -> Model:
    """Return a model with what was learnt apart from its base.

    Raises:
        UserError: if there is nothing apart, or the base is not here.
    """
    card = models.read_card(release.folder)
    known = release.folder / "predictor" / "predictor.json"
    if card["predictor"] != "encoder" or "adapter" not in folders.read_json(known):
        facts = {"reference": release.reference, "method": str(release.facts.get("method"))}
        raise UserError(say("export.no_adapter", **facts), say("export.no_adapter.hint"))
    model = release.load(shared=True)
    # Of a release that was made smaller, what is said of its copy of the base is not true of the base.
    facts = {name: value for name, value in model.facts.items() if name not in ("pieces", "weights")}
    return replace(model, facts=facts)


def _write_peft(model: Model, folder: Path, reference: str) -> None:
    """Write PEFT's two files, the head, and how an answer is made of them.

    Raises:
        UserError: if PEFT has no such kind of adapter, or the network is told more than tokens.
    """
    from haoqi.models.encoders.adapters.peft_format import to_peft
    from haoqi.models.weights import write_weights

    predictor: Any = model.predictor
    network, base = predictor.model, predictor.base
    if network.shapes is not None:
        raise UserError(say("export.shapes"), say("export.never_merged.hint"))
    to_peft(network.adapter, network.encoder, str(base.folder)).write(folder)
    write_weights(folder / "head.safetensors", {name: one.detach() for name, one in network.head.state_dict().items()})
    folders.write_json(folder / "labels.json", list(model.task.labels))
    folders.write_atomic(folder / "README.md", _usage(model, reference))


def _usage(model: Model, reference: str) -> str:
    """Return how logits are computed, as a program that runs in the folder."""
    predictor: Any = model.predictor
    network, reader, base = predictor.model, predictor.reader, predictor.base
    states = {
        None: "vectors = states  # a row per token: of a word its first token answers",
        "first": "vectors = states[:, 0]",
        "last": "vectors = states[torch.arange(len(states)), inside.sum(dim=1) - 1]",
        "mean": "vectors = (states * inside[:, :, None]).sum(dim=1) / inside.sum(dim=1, keepdim=True)",
    }[network.pooling]
    normalised = ["vectors = torch.nn.functional.normalize(vectors, dim=1)"] if network.normalise else []
    asked = '[("first text", "second text")]' if reader.pairing else '["a text"]'
    texts = f"[{reader.prefix!r} + text for text in texts]" if reader.prefix else "texts"
    texts = "*map(list, zip(*texts))" if reader.pairing else texts
    pair = "\nThe order of two texts is nothing: logits of both orders are averaged.\n" * (
        reader.pairing == "symmetric"
    )
    code = "\n".join(
        [
            "import torch",
            "from peft import PeftModel",
            "from safetensors.torch import load_file",
            "from transformers import AutoModel, AutoTokenizer",
            "",
            f'base = "{base.folder}"',
            'model = PeftModel.from_pretrained(AutoModel.from_pretrained(base), ".").eval()',
            'tokenizer, head = AutoTokenizer.from_pretrained(base), load_file("head.safetensors")',
            f"texts = {asked}",
            f"room = {reader.max_tokens}",
            f'read = tokenizer({texts}, padding=True, truncation=True, max_length=room, return_tensors="pt")',
            'ids, inside = read["input_ids"], read["attention_mask"]',
            "with torch.no_grad():",
            "    states = model(input_ids=ids, attention_mask=inside).last_hidden_state[:, -ids.shape[1] :]",
            states,
            *normalised,
            'logits = vectors @ head["weight"].float().T + head["bias"].float()',
        ]
    )
    return (
        f"# {reference} for PEFT\n\nLearnt by {model.facts.get('method')} on the base {base.name}, whose fingerprint "
        f"is {base.fingerprint}. The labels are in labels.json, in the order of the logits, which are those before "
        f"calibration.\n{pair}\n```python\n{code}\n```\n"
    )
