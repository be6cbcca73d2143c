"""Column files as people have them: each layout gives the sentences and spans that it means, or is refused by name."""

from pathlib import Path

import pytest

import haoqi
from haoqi import data
from haoqi.core.errors import UserError
from haoqi.data.raw import Raw
from haoqi.data.reading.sources import sources
from haoqi.data.settings import DataSettings

SENTENCES = [
    "Nordlys/B-ORG Energy/I-ORG opens/O 8/O shops/O in/O Sortano/B-LOC ./O",
    "On/O Thursday/O it/O rained/O at/O the/O market/O ./O",
    "The/O ferry/O from/O Tavisk/B-LOC was/O late/O ./O",
    "Workers/O of/O Vantage/B-ORG Soft/I-ORG met/O in/O Belmere/B-LOC ./O",
] * 6
PAIRS = [[tuple(piece.rsplit("/", 1)) for piece in sentence.split()] for sentence in SENTENCES]
SPEECH = ("NN", "VB", "DT", "JJ", "RB", "IN")
SURFACES = [[("Nordlys Energy", "ORG"), ("Sortano", "LOC")], [], [("Tavisk", "LOC")]]


def lines(form: str = "{word}\t{tag}", between: str = "\n\n", after: str = "\n") -> str:
    blocks = (
        "\n".join(form.format(word=word, tag=tag, low=tag.lower(), number=at) for at, (word, tag) in enumerate(rows, 1))
        for rows in PAIRS
    )
    return between.join(blocks) + after


def write(folder: Path, content: str, name: str = "words.txt") -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def load(path: Path, **said: str | float) -> Raw:
    return data.read(DataSettings(str(path), **said))  # type: ignore[arg-type]


def surfaces(raw: Raw) -> list[list[tuple[str, str]]]:
    examples = raw.examples
    return [
        [(text[span.start : span.end], span.label) for span in labels]
        for text, labels in zip(examples.texts, examples.labels, strict=True)
    ]


LAYOUTS = {
    "spaces": lines("{word} {tag}"),
    "tabs": lines(),
    "lines of spaces between": lines("{word} {tag}", "\n  \n"),
    "carriage returns": lines("{word}\t{tag}").replace("\n", "\r\n"),
    "tag first": lines("{tag}\t{word}"),
    "four columns": lines("{word} NN I-NP {tag}"),
    "numbered words": lines("{number}\t{word}\t{tag}"),
    "numbered words without blank lines": lines("{number}\t{word}\t{tag}", "\n"),
    "comments": "".join(
        f"# sent_id = {at}\n# text = x\n" + "\n".join(f"{word}\t{tag}" for word, tag in rows) + "\n\n"
        for at, rows in enumerate(PAIRS)
    ),
    "comments with spaces": "".join(
        f"# id {at}\n" + "\n".join(f"{word} {tag}" for word, tag in rows) + "\n\n" for at, rows in enumerate(PAIRS)
    ),
    "commas and a header": "word,tag\n" + lines("{word},{tag}"),
    "header": "Word\tTag\n" + lines(),
    "full stops": lines("{word} {tag}", "\n"),
    "a sentence a line": "\n".join(SENTENCES) + "\n",
    "a sentence a line, bars": "\n".join(SENTENCES).replace("/", "|") + "\n",
    "a sentence a line, underscores": "\n".join(SENTENCES).replace("/", "_") + "\n",
    "suffixes": lines().replace("B-ORG", "ORG-B").replace("I-ORG", "ORG-I").replace("B-LOC", "LOC-B"),
    "colons": lines().replace("B-", "B:").replace("I-", "I:"),
    "underscores": lines().replace("B-", "B_").replace("I-", "I_"),
    "glued": lines().replace("B-", "B").replace("I-", "I"),
    "outside is _": lines().replace("\tO", "\t_"),
    "outside is 0": lines().replace("\tO", "\t0"),
    "bioes": lines().replace("I-ORG", "E-ORG").replace("B-LOC", "S-LOC"),
    "bilou": lines().replace("I-ORG", "L-ORG").replace("B-LOC", "U-LOC"),
    "without prefixes": lines().replace("B-", "").replace("I-", ""),
    "prefixed words": lines("en:{word}\t{tag}"),
    "parts of speech": "\n".join(
        "\n".join(f"{word} {SPEECH[at % 6]} {tag}" for at, (word, tag) in enumerate(rows)) + "\n" for rows in PAIRS
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_same_spans(tmp_path: Path, layout: str) -> None:
    raw = load(write(tmp_path, LAYOUTS[layout]))
    assert (raw.schema.format, raw.shape, len(raw.examples)) == ("columns", "spans", len(SENTENCES))
    assert surfaces(raw)[:3] == SURFACES
    assert raw.examples.texts[0] == "Nordlys Energy opens 8 shops in Sortano ."
    assert len(raw.examples.words[0]) == 8


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_schema_given_back_reads_the_same(tmp_path: Path, layout: str) -> None:
    path = write(tmp_path, LAYOUTS[layout])
    raw = load(path)
    said = {name: raw.schema.settings()[name] for name in ("format", "delimiter", "text", "label")}
    again = load(path, **said)
    assert (again.examples.texts, again.examples.labels) == (raw.examples.texts, raw.examples.labels)


def test_lower_case_tags_keep_their_kinds(tmp_path: Path) -> None:
    raw = load(write(tmp_path, lines("{word} {low}")))
    assert surfaces(raw)[0] == [("Nordlys Energy", "org"), ("Sortano", "loc")]


def test_sentences_that_end_at_full_stops_are_told_with_a_warning(tmp_path: Path) -> None:
    raw = load(write(tmp_path, lines("{word} {tag}", "\n")))
    assert any("full stops" in note for note in raw.schema.notes)
    assert any("no blank lines" in warning for warning in raw.schema.warnings)


def test_closing_quotes_stay_with_their_sentence(tmp_path: Path) -> None:
    rows = ["He O", "saw O", "Tavisk B-LOC", ". O", '" O', "She O", "saw O", "Belmere B-LOC", "! O"]
    raw = load(write(tmp_path, "\n".join(rows * 3)))
    assert raw.examples.texts[:2] == ['He saw Tavisk . "', "She saw Belmere !"]


def test_nothing_that_ends_a_sentence_is_an_error(tmp_path: Path) -> None:
    content = "\n".join(f"word{at % 90}\t{'B-LOC' if at % 9 == 0 else 'O'}" for at in range(900))
    with pytest.raises(UserError, match="where a sentence ends: 900 words"):
        load(write(tmp_path, content))


def test_a_document_longer_than_the_first_lines_is_recognised(tmp_path: Path) -> None:
    words = [f"word{at % 70} {'B-THING' if at % 41 == 7 else 'O'}" for at in range(900)]
    raw = load(write(tmp_path, "\n\n".join(["\n".join(words)] * 3) + "\n"))
    assert (raw.schema.format, len(raw.examples)) == ("columns", 3)


def test_what_all_words_begin_with_is_left_out_and_told(tmp_path: Path) -> None:
    raw = load(write(tmp_path, lines("en:{word}\t{tag}")))
    assert any("begin with en:" in note for note in raw.schema.notes)
    assert raw.examples.texts[2] == "The ferry from Tavisk was late ."


@pytest.mark.parametrize(("blank", "delimiter"), [(" ", " "), ("\u3000", "\t"), ("", "\t")])
def test_a_word_that_is_a_blank_stands_in_the_text_and_is_no_word(tmp_path: Path, blank: str, delimiter: str) -> None:
    rows = [*zip("我在北京", ["O", "O", "B-LOC", "I-LOC"], strict=True), (blank, "O"), ("住", "O")] * 3
    content = "\n".join(f"{word}{delimiter}{tag}" for word, tag in rows)
    raw = load(write(tmp_path, f"{content}\n\n{content}\n"))
    text = raw.examples.texts[0]
    assert text.split() == ["我在北京", "住我在北京", "住我在北京", "住"]
    assert [text[span.start : span.end] for span in raw.examples.labels[0]] == ["北京"] * 3
    assert len(raw.examples.words[0]) == 15
    assert any("3 words are blanks" in note or "6 words are blanks" in note for note in raw.schema.notes)


def test_a_blank_at_the_edge_of_an_entity_is_no_part_of_it(tmp_path: Path) -> None:
    rows = ["in\tO", " \tB-LOC", "New\tI-LOC", "York\tI-LOC", "now\tO"]
    raw = load(write(tmp_path, "\n".join(rows) + "\n\n" + "\n".join(rows) + "\n"))
    assert surfaces(raw) == [[("New York", "LOC")]] * 2
    assert raw.examples.texts[0] == "in New York now"


def test_a_line_of_another_width_leaves_its_sentence_out(tmp_path: Path) -> None:
    content = LAYOUTS["tabs"].replace("Thursday\tO", "Thursday\tO\tO\tO", 1)
    raw = load(write(tmp_path, content))
    assert len(raw.examples) == len(SENTENCES) - 1
    assert sum(raw.schema.skipped.values()) == 1
    assert any("lines 11 " in note for note in raw.schema.notes)


def test_many_lines_of_another_width_are_an_error_that_names_them(tmp_path: Path) -> None:
    path = write(tmp_path, LAYOUTS["tabs"].replace("Thursday\tO", "Thursday\tO\tO\tO", 2))
    with pytest.raises(UserError, match=r"2 of 24 sentences .*\(lines 11, 46\), such as 'Thursday") as caught:
        load(path)
    assert "--bad-rows 0.09" in (caught.value.hint or "")
    assert len(load(path, bad_rows=0.09).examples) == len(SENTENCES) - 2


def test_a_word_without_a_tag_leaves_its_sentence_out(tmp_path: Path) -> None:
    raw = load(write(tmp_path, LAYOUTS["tabs"].replace("Thursday\tO", "Thursday\t", 1)))
    assert (len(raw.examples), sum(raw.schema.skipped.values())) == (len(SENTENCES) - 1, 1)


def test_of_two_layers_of_tags_the_one_of_more_kinds_is_chosen_and_told(tmp_path: Path) -> None:
    rows = ["Bank B-ORG O", "of I-ORG O", "Tavisk I-ORG B-PART", "in O O", "Sortano B-LOC O"]
    path = write(tmp_path, "\n\n".join(["\n".join(rows)] * 5) + "\n")
    raw = load(path)
    assert (raw.schema.columns["label"], raw.schema.runners_up["label"]) == ("2", ["3"])
    assert any("--label" in note for note in raw.schema.notes)
    assert surfaces(load(path, label="3"))[0] == [("Tavisk", "PART")]


def test_phrases_give_way_to_entities(tmp_path: Path) -> None:
    rows = ["EU NNP B-NP B-ORG", "rejects VBZ B-VP O", "calls NNS B-NP O", "to TO B-PP O", "boycott VB B-VP O"]
    raw = load(write(tmp_path, "\n\n".join(["\n".join(rows)] * 5) + "\n"))
    assert raw.schema.columns["label"] == "4"


def test_brackets_open_and_close_spans(tmp_path: Path) -> None:
    rows = ["New (GPE*", "York *)", "is *", "near *", "Tavisk (LOC)"]
    raw = load(write(tmp_path, "#begin document x\n" + "\n\n".join(["\n".join(rows)] * 5) + "\n\n#end document\n"))
    assert surfaces(raw) == [[("New York", "GPE"), ("Tavisk", "LOC")]] * 5


def test_short_codes_for_tags_are_kinds(tmp_path: Path) -> None:
    raw = load(write(tmp_path, "\n".join(["the/o spout/o of/o my/o kettle/th leaks/o today/o"] * 8)))
    assert surfaces(raw)[0] == [("kettle", "th")]


def test_a_hash_in_front_of_a_tag_is_a_word(tmp_path: Path) -> None:
    rows = ["#", "#london", "is", "big"]
    block = "\n".join(f"{word}\t{tag}" for word, tag in zip(rows, ["O", "B-LOC", "O", "O"], strict=True))
    raw = load(write(tmp_path, "\n\n".join([block] * 4)))
    assert raw.examples.texts == ["# #london is big"] * 4


REFUSED = {
    "CoNLL-U": ["# sent_id = 1", *(f"{at}\tword{at}\tword\tNOUN\t_\t_\t0\tdep\t_\t_" for at in range(1, 9)), ""] * 3,
    "WebAnno": ["#FORMAT=WebAnno TSV 3.2", "#T_SP=x", "", "#Text=a b", "1-1\t0-1\ta\t_\t", "1-2\t2-3\tb\tPER\t"],
    "PubTator": ["12|t|A title", "12|a|An abstract.", "12\t0\t1\tA\tGene\tD1", "12\t2\t7\ttitle\tGene\tD2", ""],
    "brat": ["T1\tPER 0 5\tPeter", "T2\tLOC 9 12\tYork", "T3\tLOC 19 22\tBonn", "R1\tin Arg1:T1 Arg2:T2"],
}


@pytest.mark.parametrize("name", REFUSED)
def test_known_layouts_of_other_things_are_refused_by_name(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, "\n".join(REFUSED[name]) + "\n", "file.tsv")
    with pytest.raises(UserError, match=name) as caught:
        load(path)
    assert "--bad-rows" not in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("\n\n".join(["The\tDT\ndog\tNN\nruns\tVBZ\nvery\tRB\nfast\tJJ\n.\t."] * 4), "parts of speech"),
        ("\n".join(["The/DT dog/NN runs/VBZ very/RB fast/JJ ./."] * 4), "parts of speech"),
    ],
)
def test_parts_of_speech_are_no_entities(tmp_path: Path, content: str, reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        load(write(tmp_path, content))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("\n\n".join(["我\tB\n们\tE\n住\tS"] * 4), "where a word begins and ends"),
        ("\n\n".join(["we\t1\nlive\t0\nhere\t2"] * 4), "numbers without names"),
        ("\n\n".join(["we\tA\nlive\tC\nhere\tA"] * 4), "on every word"),
    ],
)
def test_what_tags_are_is_said_where_columns_are_asked_for(tmp_path: Path, content: str, reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        load(write(tmp_path, content), format="columns")


OTHERS = {
    "prose": "It was a dark night.\n\nNobody saw it, O dear.\n\nB-movies are fine.\n" * 9,
    "text and label": "good film\tpos\nbad film\tneg\na film\tneg\n" * 20,
    "words and moods": "good\tpositive\nbad\tnegative\nfine\tpositive\n" * 20,
    "words and moods in groups": "good\tpositive\nbad\tnegative\n\nfine\tpositive\n" * 20,
    "labels like tags": "a warm shirt\tS-red\na thick coat\tM-blue\nthin socks\tB-grey\n" * 20,
    "grades": "answer one\tB\nanswer two\tO\nanswer three\tS\n" * 20,
    "scores": "shirt\t0\ncoat\t1\n\nsock\t0\n" * 20,
    "paths": "data/a/train data/a/test\ndata/b/train data/b/test\n" * 20,
    "dates": "1/2/2024 3/4/2024 5/6/2024\n" * 20,
    "fastText": "__label__a some words here\n__label__b other words there\n" * 20,
    "translations": "good morning\tguten Morgen\ngood night\tgute Nacht\n" * 20,
}


@pytest.mark.parametrize("kind", OTHERS)
def test_other_files_are_not_claimed(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path, OTHERS[kind])
    assert sources.build("columns").recognises(str(path), DataSettings(str(path))) == 0.0


def test_a_table_of_ten_counted_columns_is_no_conllu(tmp_path: Path) -> None:
    names = "index genre file year old source1 source2 sentence1 sentence2 score".split()  # noqa: SIM905
    rows = [
        [row, "news", "a", 2012, row, "none", "none", f"a man in room {row} is asleep", f"room {row} is full", row % 5]
        for row in range(60)
    ]
    path = tmp_path / "sts.tsv"
    path.write_text("\n".join("\t".join(map(str, row)) for row in [names, *rows]), encoding="utf-8")
    found = haoqi.inspect(path)
    assert (found.schema.rows, found.schema.columns["label"]) == (60, "score")
