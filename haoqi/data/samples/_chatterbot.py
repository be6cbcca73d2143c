"""What the question-and-answer samples share: the conversations of chatterbot-corpus, in YAML by language."""

from dataclasses import replace
from pathlib import Path

from haoqi.core.packages import Package
from haoqi.data.raw import Raw, digest
from haoqi.data.reading.tables.table import Table, to_raw
from haoqi.data.samples import checked
from haoqi.data.settings import DataSettings

CHATTERBOT = Package(
    "chatterbot-corpus",
    "1.3.3",
    "86de5300afb9a80826386339d3bec79c0a72eb0358abb8327e2ecef5ae0ce154",
    "chatterbot_corpus",
)


def read_pairs(folder: Path, name: str, settings: DataSettings) -> Raw:
    """Return each question with the topic whose file it stands in; with --label answer, with its first answer.

    Args:
        folder: of one language.
        name: of the sample.
        settings: for the longest text allowed.
    """
    import yaml

    questions: list[str] = []
    answers: list[str] = []
    topics: list[str] = []
    for path in sorted(checked(folder).glob("*.yml")):
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
        for turns in found.get("conversations") or ():
            if len(turns) > 1 and turns[0] and turns[1]:
                questions.append(str(turns[0]))
                answers.append(str(turns[1]))
                topics.append(path.stem)
    columns = {"question": questions, "answer": answers, "topic": topics}
    table = Table(name, columns, "sample", digest(questions + answers), encoding="utf-8")
    return to_raw(table, replace(settings, text=settings.text or "question", label=settings.label or "topic"))
