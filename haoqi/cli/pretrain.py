"""`haoqi pretrain`: a base goes on learning from plain text, or a new one begins, and is a base like any other."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from haoqi.cli.flags import with_flags
from haoqi.cli.words import words
from haoqi.data.settings import DataSettings
from haoqi.pretraining.settings import PretrainSettings

if TYPE_CHECKING:
    from haoqi.pretraining.pretrain import Pretrained

READING = ("text", "label", "format", "delimiter", "header", "sheet", "encoding", "query")
Source = Annotated[
    str, typer.Argument(metavar="SOURCE", help="A folder of text, a file, a database, a hub data set, a sample's name.")
]


@with_flags(DataSettings, only=READING)
@with_flags(PretrainSettings)
def pretrain(
    source: Source,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object per line, for machines.")] = False,
    **settings: Any,
) -> None:
    """Let a base learn on from plain text, or begin a new one, and keep it as a base of your own.

    Hidden words are guessed; texts that are kept back measure how much better that goes. `haoqi bases` lists what was
    made, and `haoqi improve FILE --base NAME` uses it. Ctrl-C loses a minute at most: the same command goes on.
    """
    from haoqi.cli.improve import given
    from haoqi.cli.watch import watching
    from haoqi.pretraining.door import pretrain as run

    with watching(settings["name"] or str(source), as_json=json) as listen:
        found = run(source, listen=listen, **given(settings))
    if json:
        import json as notation

        print(notation.dumps({"name": found.name, "folder": str(found.folder), **found.facts}, ensure_ascii=False))
    else:
        print("\n".join(lines(found)))


def lines(found: "Pretrained") -> Iterator[str]:
    """Yield what came of a pretraining: what was gained on held-out texts, and what to type next."""
    from haoqi.pretraining.measure import perplexity

    facts = found.facts
    yield words("pretrain.made" if found.new else "pretrain.stays", name=found.name)
    if "loss_before" in facts:
        before, after = facts["loss_before"], facts["loss"]
        fall, low, high = facts["fall"]
        yield words("pretrain.fall", before=before[0], after=after[0], fall=fall, low=low, high=high)
        ends = {"low": perplexity(after[1]), "high": perplexity(after[2])}
        yield words("pretrain.perplexity", before=perplexity(before[0]), after=perplexity(after[0]), **ends)
    if "bits" in facts:
        bits, low, high = facts["bits"]
        yield words("pretrain.bits", bits=bits, low=low, high=high, trigram=facts["trigram_bits"][0])
    yield words("pretrain.open")
    yield words("pretrain.try", name=found.name, others=f"{facts['from']}," if facts["from"] else "")
    yield words("pretrain.look", card=found.folder / "README.md")
