"""Questions in English by topic; with --label answer, their answers (from chatterbot-corpus)."""

from pathlib import Path

from haoqi.data.raw import Raw
from haoqi.data.samples import Sample, samples
from haoqi.data.samples._chatterbot import CHATTERBOT, read_pairs
from haoqi.data.settings import DataSettings


@samples.register
def faq_en() -> Sample:
    """Return the sample; its package keeps a YAML file of conversations per topic."""
    return Sample(CHATTERBOT, _read, task="topic", language="en", rows=2_026)


def _read(folder: Path, settings: DataSettings) -> Raw:
    return read_pairs(folder / "data" / "english", "faq-en", settings)
