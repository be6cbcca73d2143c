"""Formats that are not read are named, and marks inside texts are read or refused for what they are."""

from pathlib import Path

import pytest

from haoqi.core.errors import UserError
from haoqi.data import DataSettings, Span, read
from haoqi.data.reading.foreign_formats import named_format

FOREIGN = {
    "TEI": ("a.xml", '<TEI xmlns="http://www.tei-c.org/ns/1.0"><text>a</text></TEI>\n', "TEI, a form of XML"),
    "XML": ("a.xml", '<?xml version="1.0"?>\n<reviews><review>a</review></reviews>\n', "is XML"),
    "brat": ("a.ann", "T1\tCity 0 4\tRome\nT2\tPerson 8 11;13 15\tAda B\nR1\tlives Arg1:T2 Arg2:T1\n", "brat"),
    "PubTator": ("a.txt", "12|t|On ovens\n12|a|Ovens are hot.\n12\t3\t8\tovens\tThing\tD1\n\n", "PubTator"),
    "WebAnno": ("a.tsv", "#FORMAT=WebAnno TSV 3.2\n\n#Text=a\n1-1\t0-1\ta\t_\n", "WebAnno TSV"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_what_is_not_read_is_named_with_what_to_export(tmp_path: Path, name: str) -> None:
    file, content, words = FOREIGN[name]
    (tmp_path / file).write_text(content)
    with pytest.raises(UserError, match=words) as caught:
        read(DataSettings(str(tmp_path / file)))
    assert "bad-rows" not in caught.value.hint
    assert "export" in caught.value.hint or "give" in caught.value.hint


@pytest.mark.parametrize("begin", ["T1 is a text, number", "<b>bold</b> words and number", "12|t is a text, number"])
def test_tables_that_look_a_little_like_them_are_tables(tmp_path: Path, begin: str) -> None:
    rows = [f"{begin} {number}\t{'xy'[number % 2]}\n" for number in range(20)]
    (tmp_path / "a.tsv").write_text(f"text\tlabel\n{''.join(rows)}")
    assert read(DataSettings(str(tmp_path / "a.tsv"))).examples.labels == ["x", "y"] * 10


def test_marks_in_braces_become_spans_and_leave_the_text(tmp_path: Path) -> None:
    lines = [f"{{{{city:Rome}}}} and {{{{ city : New York }}}} on day {number}" for number in range(8)]
    (tmp_path / "a.txt").write_text("\n".join([*lines, "nothing here"]))
    raw = read(DataSettings(str(tmp_path / "a.txt")))
    assert raw.shape == "spans"
    assert raw.examples.texts[0] == "Rome and New York on day 0"
    assert raw.examples.labels[0] == (Span(0, 4, "city"), Span(9, 17, "city"))
    assert raw.examples.labels[8] == ()


def test_broken_marks_are_named_by_their_lines(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("{{city:Rome}} is old\n{{city:Oslo}} is {{cold\n" * 9)
    with pytest.raises(UserError, match=r"9 of 18 lines of a\.txt have marks .* \(lines 2, 4, 6, 8, 10\)"):
        read(DataSettings(str(tmp_path / "a.txt")))
    raw = read(DataSettings(str(tmp_path / "a.txt"), bad_rows=0.5))
    assert (len(raw.examples), raw.schema.skipped) == (9, {"with a broken mark": 9})


def test_xml_without_a_declaration_and_arff_are_named() -> None:
    lines = "".join(f'<s id="{row}"><text>the lamp, broken</text></s>\n' for row in range(9))
    assert (named_format(f"<sentences>\n{lines}</sentences>\n") or ("",))[0] == "XML"
    assert (named_format("@relation mails\n@attribute text string\n@data\n'a',b\n") or ("",))[0].startswith("ARFF")
    assert named_format("<b>A lamp</b>, that broke\tlate\nAnother one\tbroken\n") is None
