"""What a person may say about their data; all but the source is guessed when left out."""

from dataclasses import dataclass
from typing import Annotated

from haoqi.core.config import Choices, Range


@dataclass(frozen=True)
class DataSettings:
    """Where the examples come from, what its columns mean, and how they are cleaned and split."""

    source: str
    """A file, a folder, the URL of a database, a hub data set, or the name of a sample."""
    text: str | None = None
    """Column of the text, or several with commas between, which are joined; without names they are called 1, 2, 3."""
    label: str | None = None
    """Column of the label, or several: a column of 0 and 1 for each label, or a label in each."""
    pair: str | None = None
    """Column of the second text, for tasks on two texts."""
    context: str | None = None
    """Column of what each text is answered from, as a question is from a passage."""
    group: str | None = None
    """Column whose equal values stay in one split, such as an author."""
    time: str | None = None
    """Column of dates; the newest rows become the test split."""
    format: str | None = None
    """How the source is read (csv, json, lines, columns, ...); recognised when left out."""
    delimiter: str | None = None
    """What stands between two columns; recognised when left out."""
    quote: str | None = None
    """What encloses cells; none: quotes are characters like others; recognised when left out."""
    escape: str | None = None
    """What stands before a quote inside of a cell, such as a backslash; recognised when left out."""
    header: Annotated[int | None, Range(0, 10_000, search=False)] = None
    """Row that names the columns, from 1, blank rows not counted; 0: none does; recognised when left out."""
    sheet: str | None = None
    """Sheet of a workbook, by its name or its number from 1; the one that looks like a table when left out."""
    label_separator: str | None = None
    """What stands between the labels of one cell; none: a cell is one label; recognised when left out."""
    missing_labels: tuple[str, ...] = ()
    """Spellings that mean that a label is missing, such as null; recognised when left out."""
    encoding: str | None = None
    """How bytes become characters (utf-8, gb18030, latin-1, ...); recognised when left out."""
    query: str | None = None
    """The SQL question to ask a database."""
    train_file: str | None = None
    """File of the training split, where it is not the source itself."""
    valid_file: str | None = None
    """File of the validation split."""
    test_file: str | None = None
    """File of the test split; it is never altered, no decision looks at it, and how often it was scored is told."""
    valid_text: str | None = None
    """Column of the text in the validation file, where it is called otherwise there."""
    valid_label: str | None = None
    """Column of the label in the validation file, where it is called otherwise there."""
    test_text: str | None = None
    """Column of the text in the test file, where it is called otherwise there."""
    test_label: str | None = None
    """Column of the label in the test file, where it is called otherwise there."""
    valid: Annotated[float, Range(0.01, 0.5, search=False)] = 0.1
    """Share of the rows that becomes the validation split, where the source gives none."""
    test: Annotated[float, Range(0.01, 0.5, search=False)] = 0.1
    """Share of the rows that becomes the test split, where the source gives none."""
    most_valid: Annotated[int, Range(20, 1_000_000, search=False)] = 2_000
    """The most rows that become the validation split: every plan answers all of them."""
    most_test: Annotated[int, Range(20, 1_000_000, search=False)] = 2_000
    """The most rows that become the test split."""
    split: Annotated[str | None, Choices("stratified", "group", "time", "random", search=False)] = None
    """How rows are divided; by time or group where such a column is named, else stratified by label."""
    clean: bool = True
    """Mend broken characters and remove markup, control characters and surplus white space."""
    near_duplicates: bool = True
    """Keep texts that are almost the same in one split."""
    duplicate_similarity: Annotated[float, Range(0.5, 1.0, search=False)] = 0.85
    """Share of common character sequences from which two texts count as almost the same."""
    bad_rows: Annotated[float | None, Range(0.0, 1.0, search=False)] = None
    """Share of rows that may be left out as unreadable, without text or without label; more is an error.

    When left out: 5 % without text, 20 % without label, 2 % cut into another number of cells, 1 % for other reasons."""
    drop_rare: bool = False
    """Leave out classes that have a single example however many they are; few are left out without being asked."""
    max_characters: Annotated[int, Range(1, 100_000_000, search=False)] = 1_000_000
    """Longest text allowed; a longer one is rather a broken file than a text."""
    max_labels: Annotated[int, Range(2, 1_000_000, search=False)] = 2_000
    """Most classes allowed; more is rather a wrong column than a task."""
    limit: Annotated[int | None, Range(1, 1_000_000_000, search=False)] = None
    """Use at most this many rows, drawn at random; a given test split is kept whole."""

    def bad_share(self, usual: float = 0.01) -> float:
        """Return the share of rows that may be left out for one reason: as a person said, else the usual one."""
        return usual if self.bad_rows is None else self.bad_rows
