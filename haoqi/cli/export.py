"""`haoqi export`: a release as files for elsewhere."""

from typing import Annotated, Literal

import typer

from haoqi.cli.releases import Name

Folder = Annotated[str, typer.Argument(metavar="FOLDER", help="Where to; it must not be there yet.")]
As = Annotated[
    Literal["adapter", "merged", "peft"],
    typer.Option("--as", help="What was learnt alone, the whole merged, or what peft.PeftModel reads."),
]


def export(name: Name, folder: Folder, form: As = "adapter") -> None:
    """Write a release into a folder: what was learnt beside the base alone, or merged into it, or for PEFT.

    An adapter is a few MB or less, and needs its base: haoqi predict FOLDER "a text" answers with it. What is merged
    stands alone, and its predictor/ is a folder of Transformers.
    """
    from haoqi.models.releases.export import export as write

    print(write(name, folder, form))
