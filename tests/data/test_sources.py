"""Every kind of source gives the same rows, and bad input is said in plain words."""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from haoqi.core.errors import UserError
from haoqi.data import DataSettings, Raw, Span, read
from haoqi.data.raw import PARTS
from haoqi.data.reading.sources import sources

ROWS = [
    ("The battery died on day two.", "negative"),
    ("A quiet, bright screen; I would buy it again.", "positive"),
    ('He said "never again" and meant it.', "negative"),
    ("Good value, friendly staff.", "positive"),
    ("这家酒店的房间很大，服务也很好。", "positive"),
]
TEXTS, LABELS = map(list, zip(*ROWS, strict=True))


def load(path: object, **settings: object) -> Raw:
    return read(DataSettings(str(path), **settings))  # type: ignore[arg-type]


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def table(delimiter: str, header: bool = True, end: str = "\n") -> str:
    def cell(text: str) -> str:
        return '"' + text.replace('"', '""') + '"' if delimiter in text or '"' in text else text

    lines = [delimiter.join(("text", "label"))] if header else []
    return end.join([*lines, *(delimiter.join(map(cell, row)) for row in ROWS), ""])


def json_lines(folder: Path) -> Path:
    records = [json.dumps({"text": text, "label": label}, ensure_ascii=False) for text, label in ROWS]
    return write(folder / "a.jsonl", "\n".join(records))


def json_array(folder: Path) -> Path:
    return write(folder / "a.json", json.dumps([{"label": label, "text": text} for text, label in ROWS]))


def json_pretty(folder: Path) -> Path:
    return write(folder / "a.json", "\n".join(json.dumps({"text": t, "label": label}, indent=2) for t, label in ROWS))


def json_pairs(folder: Path) -> Path:
    return write(folder / "a.json", json.dumps(ROWS))


def json_columns(folder: Path) -> Path:
    return write(folder / "a.json", json.dumps({"text": TEXTS, "label": LABELS}))


def json_data(folder: Path) -> Path:
    return write(
        folder / "a.json", json.dumps({"version": 1, "data": [{"text": t, "label": label} for t, label in ROWS]})
    )


def parquet(folder: Path) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"text": TEXTS, "label": LABELS}), folder / "a.parquet")
    return folder / "a.parquet"


def excel(folder: Path) -> Path:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in [("text", "label"), *ROWS]:
        book.active.append(row)
    book.save(folder / "a.xlsx")
    return folder / "a.xlsx"


def folders(folder: Path) -> Path:
    for number, (text, label) in enumerate(ROWS):
        write(folder / "texts" / label / f"{number}.txt", text)
    return folder / "texts"


MAKERS: dict[str, Callable[[Path], Path]] = {
    "comma": lambda folder: write(folder / "a.csv", table(",")),
    "tab": lambda folder: write(folder / "a.tsv", table("\t")),
    "semicolon": lambda folder: write(folder / "a.csv", table(";")),
    "bar": lambda folder: write(folder / "a.txt", table("|")),
    "windows lines": lambda folder: write(folder / "a.csv", table(",", end="\r\n")),
    "old mac lines": lambda folder: write(folder / "a.csv", table(",", end="\r")),
    "no names": lambda folder: write(folder / "a.csv", table(",", header=False)),
    "gb18030": lambda folder: write(folder / "a.csv", (table(",") * 1).encode("gb18030")),
    "utf-16": lambda folder: write(folder / "a.csv", table(",").encode("utf-16")),
    "byte order mark": lambda folder: write(folder / "a.csv", table(",").encode("utf-8-sig")),
    "json lines": json_lines,
    "json array": json_array,
    "pretty-printed json": json_pretty,
    "json pairs": json_pairs,
    "json columns": json_columns,
    "json under a key": json_data,
    "parquet": parquet,
    "excel": excel,
    "folder of labels": folders,
    "fasttext": lambda folder: write(folder / "a.txt", "\n".join(f"__label__{label} {text}" for text, label in ROWS)),
    "at sign": lambda folder: write(folder / "a.txt", "\n".join(f"{text}@{label}" for text, label in ROWS)),
}


@pytest.mark.parametrize("maker", MAKERS)
def test_every_form_gives_the_same_rows(tmp_path: Path, maker: str) -> None:
    raw = load(MAKERS[maker](tmp_path))
    assert sorted(raw.examples) == sorted(ROWS)
    assert raw.examples.ids == list(range(len(ROWS)))
    assert (raw.shape, raw.parts, raw.schema.rows) == ("labels", None, len(ROWS))


@pytest.mark.parametrize("maker", ["comma", "json lines", "folder of labels"])
def test_the_fingerprint_follows_the_content(tmp_path: Path, maker: str) -> None:
    first = load(MAKERS[maker](tmp_path / "one"))
    again = load(MAKERS[maker](tmp_path / "two"))
    assert first.fingerprint == again.fingerprint
    other = write(tmp_path / "other.csv", table(",") + "One more,positive\n")
    assert load(other).fingerprint != first.fingerprint


def test_every_source_is_listed_with_what_it_reads() -> None:
    assert {"csv", "json", "columns", "yaml", "sql", "hub", "folder", "excel", "parquet", "lines"} < {*sources.names()}
    assert all(sources.describe(name) for name in sources.names())


def test_a_database_answers_a_query(tmp_path: Path) -> None:
    path = tmp_path / "reviews.db"
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("create table reviews (body text, mood text)")
        base.executemany("insert into reviews values (?, ?)", ROWS)
    url = f"sqlite:///{path}"
    assert list(load(url, query="select body, mood from reviews").examples) == ROWS
    with pytest.raises(UserError, match="needs a query"):
        load(url)
    with pytest.raises(UserError, match="no such table"):
        load(url, query="select * from absent")
    with pytest.raises(UserError, match="no database"):
        load(f"sqlite:///{tmp_path}/absent.db", query="select 1")
    assert not (tmp_path / "absent.db").exists()


@pytest.mark.parametrize("name", sources.names())
@pytest.mark.parametrize("source", ["", "no such file.csv", "a/b/c", "x\0y", "://", "hub:", "sqlite://", "."])
def test_recognising_is_a_share_and_never_raises(name: str, source: str) -> None:
    assert 0 <= sources.build(name).recognises(source, DataSettings(source)) <= 1


@pytest.mark.slow
def test_a_hub_data_set_keeps_its_class_names_and_splits(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["bad", "good"])}
    )
    rows = {"text": [f"text {number}" for number in range(6)], "label": [0, 1, 0, 1, 0, 1]}
    made = datasets.Dataset.from_dict(rows, features=features)
    for split in ("train", "test"):
        made.to_parquet(write(tmp_path / "set" / f"{split}.parquet", b""))
    raw = load(f"hub:{tmp_path / 'set'}")
    assert raw.examples.labels == ["bad", "good"] * 6
    assert raw.parts == ["train"] * 6 + ["test"] * 6


def test_a_folder_of_splits_keeps_them_and_its_prose_is_no_data(tmp_path: Path) -> None:
    write(tmp_path / "README.md", "# About\n")
    write(tmp_path / "LICENSE", "Free.\n")
    write(tmp_path / "some_labels.json", '["positive", "negative"]')
    for name in ("train", "dev", "test"):
        write(tmp_path / f"{name}.tsv", table("\t", header=False))
    write(tmp_path / "unlabeled.tsv", "just text\nand more of it\n")
    raw = load(tmp_path)
    assert raw.parts == ["train"] * 5 + ["valid"] * 5 + ["test"] * 5 + ["unlabelled"] * 2
    assert raw.examples.texts == TEXTS * 3 + ["just text", "and more of it"]
    assert raw.examples.labels == LABELS * 3 + [None, None]


def test_a_test_file_without_labels_is_unlabelled_text(tmp_path: Path) -> None:
    write(tmp_path / "train.csv", table(","))
    write(tmp_path / "test.csv", "text\nwho knows\n")
    raw = load(tmp_path)
    assert raw.parts == ["train"] * 5 + ["unlabelled"]
    assert any("test.csv has no labels" in warning for warning in raw.schema.warnings)


def test_folders_of_splits_hold_folders_of_labels(tmp_path: Path) -> None:
    for part, label in (("train", "pos"), ("train", "neg"), ("train", "unsup"), ("test", "pos"), ("test", "neg")):
        write(tmp_path / part / label / "1.txt", f"{part} {label} text")
    raw = load(tmp_path)
    assert raw.parts is not None
    found = {(part, label) for part, label in zip(raw.parts, raw.examples.labels, strict=True)}
    assert found == {("train", "pos"), ("train", "neg"), ("unlabelled", None), ("test", "pos"), ("test", "neg")}


def test_json_lists_under_names_of_splits(tmp_path: Path) -> None:
    content = {"oos_train": [["a b", "oos"]], "val": [["c d", "x"]], "train": [["e f", "y"]], "test": [["g h", "x"]]}
    raw = load(write(tmp_path / "all.json", json.dumps(content)))
    assert raw.parts == ["train", "valid", "train", "test"]
    assert next(iter(raw.examples)) == ("a b", "oos")


def test_files_said_one_by_one_are_the_splits(tmp_path: Path) -> None:
    train, test = write(tmp_path / "a.csv", table(",")), write(tmp_path / "b.csv", table(","))
    raw = load(train, test_file=str(test))
    assert raw.parts == ["train"] * 5 + ["test"] * 5


def test_texts_alone_are_read_where_labels_are_not_wanted(tmp_path: Path) -> None:
    path = write(tmp_path / "new.csv", "text\nfirst, one\nsecond\n".replace(", ", " "))
    raw = read(DataSettings(str(path)), labelled=False)
    assert raw.examples.texts == ["first one", "second"]


def test_a_quote_in_a_tab_separated_file_is_a_character(tmp_path: Path) -> None:
    lines = ['"so far so good\t1', "fine\t0", 'he said "no"\t1', '" open\t0'] * 5
    raw = load(write(tmp_path / "a.tsv", "\n".join(lines)))
    assert len(raw.examples) == 20
    assert raw.examples.texts[0] == '"so far so good'


def test_a_cell_in_quotes_runs_over_lines(tmp_path: Path) -> None:
    raw = load(write(tmp_path / "a.csv", 'text,label\n"one\ntwo",a\nthree,b\n'))
    assert raw.examples.texts == ["one\ntwo", "three"]


BAD: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", "is empty"),
    "only names": ("text,label\n", "has no rows"),
    "empty array": ("[]", "has no rows"),
    "database": (b"SQLite format 3\x00" + bytes(200), "not a text file"),
    "archive": (b"PK\x03\x04" + bytes(200), "not a text file"),
    "binary": (b"\x00\x01\x02\xff" * 400, "not a text file"),
    "twice": ("text,text,label\na b,c d,x\ne f,g h,y\n", "several columns called text"),
    "one column": ("text\nsome words\nother words\n", "one column only"),
    "broken json": ('{"text": "a", "label": "b"}\n{"text": \n', "line 2 of .* is not JSON"),
    "nested json": ('{"data": [{"paragraphs": [{"a": 1}]}]}', "not rows of text|no column"),
    "ragged": ("text,label\n" + "a b,x\nc,d,e\n" * 50, "different number of columns"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_files_are_told_in_two_lines(tmp_path: Path, case: str) -> None:
    content, words = BAD[case]
    path = write(tmp_path / ("a.json" if "json" in case or "array" in case else "a.csv"), content)
    with pytest.raises(UserError, match=words) as caught:
        load(path)
    assert caught.value.hint
    assert str(caught.value).count("\n") == 1


def test_no_file_offers_the_nearest_name(tmp_path: Path) -> None:
    write(tmp_path / "reviews.csv", table(","))
    with pytest.raises(UserError, match="there is no file") as caught:
        load(tmp_path / "review.csv")
    assert "did you mean reviews.csv?" in caught.value.hint
    with pytest.raises(UserError, match="no sample of that name") as caught:
        load("bbc-new")
    assert "did you mean bbc-news?" in caught.value.hint


def test_a_wrong_delimiter_names_the_likely_one(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", table(","))
    with pytest.raises(UserError, match="one column when cut at '\\|'") as caught:
        load(path, delimiter="|")
    assert "looks like ," in caught.value.hint


def test_a_missing_column_shows_how_to_map(tmp_path: Path) -> None:
    path = write(tmp_path / "reviews.csv", "body,stars\nall fine,5\nall bad,1\n")
    with pytest.raises(UserError) as caught:
        load(path, text="text", label="label")
    assert str(caught.value) == (
        "reviews.csv has no column label, text; it has body, stars.\n"
        "  hint: map your columns: --text body --label stars"
    )


def test_a_text_of_ten_megabytes_names_its_row(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text,label\nfine,x\n" + "word " * 2_000_000 + ",y\nfine,x\n")
    with pytest.raises(UserError, match=r"row 2 of a\.csv has a text of 10,000,000 characters"):
        load(path)


def test_an_unknown_format_offers_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no format csw") as caught:
        load(write(tmp_path / "a.csv", table(",")), format="csw")
    assert "did you mean csv?" in caught.value.hint


def test_several_files_without_a_training_file_are_listed(tmp_path: Path) -> None:
    for name in ("one.csv", "two.csv"):
        write(tmp_path / name, table(","))
    with pytest.raises(UserError, match=r"several files, none named train: one\.csv, two\.csv"):
        load(tmp_path)


IOB1 = "-DOCSTART- -X- O O\n\nEU NNP I-NP I-ORG\nrejects VBZ I-VP O\nGerman JJ I-NP I-MISC\n\nPeter NNP I-NP I-PER\n\n"


def test_column_files_become_spans_with_places_of_words(tmp_path: Path) -> None:
    raw = load(write(tmp_path / "eng.train", IOB1 * 3))
    assert raw.shape == "spans"
    assert raw.examples.texts[:2] == ["EU rejects German", "Peter"]
    assert raw.examples.labels[0] == (Span(0, 2, "ORG"), Span(11, 17, "MISC"))
    assert raw.examples.words is not None
    assert raw.examples.words[0] == ((0, 2), (3, 10), (11, 17))
    assert raw.examples.groups is not None and len(set(raw.examples.groups)) == 3
    assert "tags are in the scheme IOB1" in raw.schema.notes


def test_chinese_column_files_join_characters(tmp_path: Path) -> None:
    tags = ["O", "O", "B-LOC", "I-LOC", *["O"] * 7]
    lines = [f"{letter}\t{tag}" for letter, tag in zip("他在北京用iPhone", tags, strict=True)]
    raw = load(write(tmp_path / "a.txt", "\n".join([*lines, "", *lines, ""])))
    assert raw.examples.texts[0] == "他在北京用iPhone"
    assert raw.examples.labels[0] == (Span(2, 4, "LOC"),)


def test_neither_nothing_nor_an_address_is_a_source() -> None:
    with pytest.raises(UserError, match="no source is given"):
        load("")
    with pytest.raises(UserError, match="is not a file") as caught:
        load("https://example.org/reviews.csv")
    assert "download" in caught.value.hint


def test_an_empty_text_in_a_folder_is_a_row_without_text(tmp_path: Path) -> None:
    write(folders(tmp_path) / "positive" / "9.txt", "")
    assert load(tmp_path / "texts").examples.texts.count("") == 1


SHARED = Path(__file__).parents[2].parent / "shared" / "data"
PUBLISHED = {
    "sst2": (6920, 872, 1821, 0, "labels"),
    "ag_news": (4000, 0, 7600, 0, "labels"),
    "clinc150/data_oos_plus.json": (15250, 3100, 5500, 0, "labels"),
    "financial_phrasebank/Sentences_50Agree.txt": (4846, 0, 0, 0, "labels"),
    "stock_tweets_timestamped/stockerbot-export-test.csv": (200, 0, 0, 0, "labels"),
    "chnsenticorp_htl": (7766, 0, 0, 0, "labels"),
    "fewclue_tnews": (240 + 1185, 1098, 2010, 20000, "labels"),
    "conll2003": (14041, 3250, 3453, 0, "spans"),
    "cluener": (10748, 1343, 0, 1345, "spans"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", PUBLISHED)
def test_published_sets_have_the_rows_their_authors_say(name: str) -> None:
    if not (SHARED / name).exists():
        pytest.skip(f"{SHARED / name} is not there")
    raw = load(SHARED / name)
    parts = raw.parts or ["train"] * len(raw.examples)
    assert (*(parts.count(part) for part in PARTS), raw.shape) == PUBLISHED[name]
    if raw.shape == "spans":
        for text, spans in raw.examples:
            assert all(0 <= span.start < span.end <= len(text) for span in spans or ())


@pytest.mark.slow
def test_conll_2003_has_the_entities_that_its_task_paper_counts() -> None:
    """Tjong Kim Sang and De Meulder, 2003, table 2."""
    if not (SHARED / "conll2003").exists():
        pytest.skip(f"{SHARED / 'conll2003'} is not there")
    raw = load(SHARED / "conll2003")
    assert raw.parts is not None
    labels = zip(raw.parts, raw.examples.labels, strict=True)
    counts = Counter((part, span.label) for part, spans in labels for span in spans)
    assert [counts["train", kind] for kind in ("LOC", "MISC", "ORG", "PER")] == [7140, 3438, 6321, 6600]
    assert [counts["valid", kind] for kind in ("LOC", "MISC", "ORG", "PER")] == [1837, 922, 1341, 1842]
    assert [counts["test", kind] for kind in ("LOC", "MISC", "ORG", "PER")] == [1668, 702, 1661, 1617]
