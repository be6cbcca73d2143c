"""How the text of a table is cut into cells: delimiter, quotes, escapes, lines before the table."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from haoqi.core.errors import UserError
from haoqi.core.say import say

DELIMITERS = (",", "\t", ";", "|")
# Met in exports of databases; they hardly stand in prose, but must stand alike in all lines.
RARE_DELIMITERS = ("\x01", "\x1f", "¦", "^", "~")
ENDINGS = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
NAMED = {"\\t": "\t", "tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "newline": "\n", "space": " "}
LOOK_AT = 300
# Characters that are cut into lines at a time.
_LOT = 1 << 20
# Characters in which quotes are looked for that nothing closes.
_JUDGED = 1 << 24
_SEP_LINE = re.compile(r"\ufeff?\"?sep=(.)\"?\s*", re.I)
_SIGNS = re.compile(r"[^\w\s'\".,!?()\-]{2,5}|_[^\w\s]_|\t{2,4}| ?\|{2,3} ?|:{2,3}|-{3,5}|@{2,4}")


@dataclass(frozen=True)
class Dialect:
    """What cuts a text into rows of cells."""

    delimiter: str
    """One character or several; a comma where the table has one column."""
    quoted: bool = True
    """Whether quotes enclose cells; otherwise they are characters like others."""
    escape: str | None = None
    """What stands before a quote inside of a quoted cell, where it is not doubled."""
    skip: int = 0
    """Lines before the table: `sep=`, comments, titles."""
    why_skip: str = ""
    mark: str = '"'
    """The sign that encloses cells where they are quoted."""

    @property
    def shown_quote(self) -> str:
        """Return what encloses cells as a person says it."""
        return self.mark if self.quoted else "none"


def find_dialect(
    text: str, *, delimiter: str | None = None, quote: str | None = None, escape: str | None = None, usual: str = ""
) -> Dialect:
    """Return the dialect of a text, or of as much of its beginning as there is.

    Quotes are judged on all of the text: a lone quote must not swallow rows.

    Args:
        text: the table.
        delimiter: as a person said it.
        quote: likewise; "none": quotes mean nothing.
        escape: likewise.
        usual: delimiter that the file's name speaks for.
    """
    said = NAMED.get(delimiter or "", delimiter or "") or None
    if "\n" not in text:
        text = text.replace("\r", "\n")
    skip, why, told = _lines_before(text)
    body = text if not skip else text.split("\n", skip)[-1]
    said = said or told
    if quote == "'" or (quote is None and (said is None or len(said) == 1) and (single := _apostrophes(body, said))):
        sign = said or single if quote is None else said or _apostrophes(body, None)
        sign = sign or usual or ","
        return Dialect(sign, True, escape or _escape_of(body, sign), skip, why, "'")
    found, quoted = guess_delimiter(body, said, usual)
    dialect = Dialect(found or ",", quoted, escape, skip, why)
    if quote is not None:
        dialect = replace(dialect, quoted=quote != "none")
    elif len(dialect.delimiter) == 1 and '"' in body:
        dialect = _judge_quotes(body, dialect)
    return dialect if found or said else replace(dialect, delimiter=",")


def guess_delimiter(text: str, said: str | None, usual: str) -> tuple[str, bool]:
    """Return the delimiter of a table's first lines, or nothing, and whether quotes mean anything in it."""
    lines = text[: 1 << 18].split("\n")[:LOOK_AT]
    if 2 < len(lines) < LOOK_AT:
        lines = lines[:-1]  # the last one may be cut
    if said and len(said) > 1:
        return said, False
    best, score = ("", True), 0.0
    # A comma before a space stands in a sentence: as a delimiter it counts less than any other that fits.
    prose = text.count(", ", 0, 1 << 16) > 0.8 * text.count(",", 0, 1 << 16)
    for delimiter in [said] if said else DELIMITERS:
        weight = 0.7 if delimiter == "," and prose else 1.3 if delimiter == usual else 1.0
        for quoted in (True, False):
            share = _consistency(lines, delimiter, quoted) * weight
            if share > score * 1.001:
                best, score = (delimiter, quoted), share
    if said is None and score > 0.5 and best[0] != "," and (several := _repeated(best[0], lines)):
        return several, False
    if said is None and (score < 0.97 or (prose and best[0] == ",")):
        pairs = ((one, quoted) for one in RARE_DELIMITERS for quoted in (True, False))
        rare = next((one for one in pairs if _consistency(lines, *one) >= 0.97), None)
        if rare:
            return rare
        if long := _long_delimiter(lines):
            return long, False
    return best if score > 0.5 else (said or "", True)


def _apostrophes(text: str, said: str | None) -> str | None:
    """Return the delimiter of a table that has each cell in single quotes, as some databases write it; else None."""
    lines = [line.strip() for line in text[: 1 << 16].split("\n")[:LOOK_AT] if line.strip()]
    lines = lines[:-1] if len(lines) > 2 else lines  # the last one may be cut
    for sign in [said] if said else DELIMITERS:
        rows = [line for line in lines if line[0] == line[-1] == "'" and f"'{sign}'" in line]
        if len(rows) >= 0.9 * len(lines) > 1:
            return sign
    return None


def _escape_of(text: str, sign: str) -> str | None:
    """Return the backslash where it stands before single quotes within cells more often than these are doubled."""
    within = re.findall(rf"\\'(?!\s*$|{re.escape(sign)})", text[:_JUDGED], re.M)
    return "\\" if len(within) > text.count("''") else None


def _consistency(lines: Sequence[str], delimiter: str, quoted: bool) -> float:
    """Return the share of rows that have the most common number of cells, if that is more than one."""
    try:
        rows = [row for row in _reader((f"{line}\n" for line in lines), Dialect(delimiter, quoted)) if row]
    except csv.Error:
        return 0.0
    if not rows:
        return 0.0
    if len(lines) == LOOK_AT and len(rows) > 2:
        rows = rows[:-1]  # the last one may be cut
    swallowed = sum(looks_swallowed(cell, delimiter, len(row)) for row in rows for cell in row if "\n" in cell)
    width, count = Counter(map(len, rows)).most_common(1)[0]
    return 0.0 if width < 2 else (count - swallowed) / len(rows)


def _repeated(sign: str, lines: Sequence[str]) -> str | None:
    """Return a sign as often as it stands wherever it stands, such as |||, where that is more than once."""
    text = "\n".join(lines)
    for times in (4, 3, 2):
        if text.count(sign * times) * times == text.count(sign):
            return sign * times
    return None


def _long_delimiter(lines: Sequence[str]) -> str | None:
    """Return signs that stand equally often in nearly all lines, such as _!_ or :: or two tabs."""
    filled = [line for line in lines if line.strip()][:100]
    if len(filled) < 3:
        return None
    candidates = Counter(sign for line in filled[:20] for sign in set(_SIGNS.findall(line)))
    for sign, _ in sorted(candidates.items(), key=lambda one: (-one[1], -len(one[0]))):
        counts = Counter(line.count(sign) for line in filled)
        number, lines_with = counts.most_common(1)[0]
        if number > 0 and lines_with >= 0.97 * len(filled):
            return str(sign)
    return None


def looks_swallowed(cell: str, delimiter: str, width: int) -> bool:
    """Return whether a cell over several lines holds whole rows, as when a lone quote opened it.

    Commas stand in sentences, too: there at least three lines must be cut exactly as the rows are.
    """
    inner = [line for line in cell.split("\n")[1:51] if line.strip()]
    if delimiter == ",":
        return len(inner) > 2 and sum(line.count(delimiter) == width - 1 for line in inner) >= 0.8 * len(inner)
    like_rows = sum(line.count(delimiter) >= max(1, width - 2) for line in inner)
    return bool(inner) and like_rows > 0.5 * len(inner)


def _judge_quotes(text: str, dialect: Dialect) -> Dialect:
    """Return the dialect with quotes as they make the most rows of one width, judged on all of the text.

    Where several ways make them equally well, cells that a quote opens and none closes at their end decide.
    """
    score, broken = _fit(text, dialect), _broken_quotes(text, dialect)
    if not broken and (score[0] >= 1.0 or _is_one_column(text, dialect)):
        return dialect
    others = [replace(dialect, quoted=not dialect.quoted)]
    if dialect.escape is None and '\\"' in text:
        others.insert(0, replace(dialect, quoted=True, escape="\\"))
    best = dialect
    for other in others:
        fit, odd = _fit(text, other), _broken_quotes(text, other)
        if fit > score or (fit == score and odd < broken):
            best, score, broken = other, fit, odd
    return best


def _is_one_column(text: str, dialect: Dialect) -> bool:
    """Return whether each line is a cell, those that hold the delimiter in quotes, as a table of texts alone is."""
    try:
        rows = [row for row in _reader(lines_of(text[: 1 << 18]), dialect) if any(row)]
    except csv.Error:
        return False
    return all(len(row) == 1 for row in rows[:-1]) and any(dialect.delimiter in row[0] for row in rows[:-1])


def _broken_quotes(text: str, dialect: Dialect) -> float:
    """Return the share of cells in quotes that do not end with them, if it is worth a thought; 0 where quotes are none.

    A program that writes quotes closes each; where one in five is not closed, they are what people wrote.
    """
    if not dialect.quoted or len(dialect.delimiter) > 1:
        return 0.0
    sign = re.escape(dialect.delimiter)
    inner = r'[^"\\]*(?:(?:\\.|"")[^"\\]*)*' if dialect.escape == "\\" else r'[^"]*(?:""[^"]*)*'
    opened = re.compile(rf'(?:^|(?<={sign}))(?:"{inner}"(?=\r?$|{sign})|(")(?!"))', re.M)
    found = Counter(match[1] is not None for match in opened.finditer(text, 0, _JUDGED))
    return found[True] / found.total() if 5 * found[True] >= found.total() > 0 else 0.0


def _fit(text: str, dialect: Dialect) -> tuple[float, int]:
    """Return the share of lines of the text that end in a row of the usual width, and the number of such rows.

    Lines within a quoted cell count as read, unless they look like rows themselves.
    """
    try:
        widths: Counter[int] = Counter()
        swallowed = before = 0
        reader = _reader(lines_of(text), dialect)
        for row in reader:
            line = reader.line_num
            if any(row):
                widths[len(row)] += 1
                if line > before + 1:  # most rows are a line, and need no look
                    swallowed += sum(
                        cell.count("\n")
                        for cell in row
                        if "\n" in cell and looks_swallowed(cell, dialect.delimiter, len(row))
                    )
            before = line
    except csv.Error:
        return 0.0, 0
    if not widths:
        return 0.0, 0
    width, count = widths.most_common(1)[0]
    total = sum(widths.values()) + swallowed
    return (count / total if width > 1 else 0.0), count


def read_rows(text: Iterable[str], dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of each row's last line, from 1, and its cells; none where all are blank.

    Args:
        text: lines, each with its line end.
        dialect: how they are cut.

    Raises:
        UserError: if the text cannot be cut.
    """
    lines = iter(text)
    for _ in range(dialect.skip):
        next(lines, None)
    if len(dialect.delimiter) > 1:
        for number, line in enumerate(lines, dialect.skip + 1):
            bare = line.rstrip("\r\n")
            yield number, [cell.strip() for cell in bare.split(dialect.delimiter)] if bare.strip() else []
        return
    csv.field_size_limit(1 << 30)
    reader = _reader(lines, dialect)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UserError(
                say("csv.unreadable_line", value=reader.line_num + dialect.skip, error=str(error)),
                say("csv.unreadable_line.hint"),
            ) from None
        yield reader.line_num + dialect.skip, row if any(row) else []


def lines_of(text: str) -> Iterator[str]:
    """Yield the lines of a text with their line ends, whichever of the three kinds they are."""
    if "\n" not in text:
        text = text.replace("\r", "\n")
    at = 0
    while at >= 0:  # in lots, since all lines at once are as large as the text again
        end = text.find("\n", at + _LOT)
        for line in text[at : end if end >= 0 else None].split("\n"):
            # A return within a line is a blank of a text that was pasted.
            yield f"{line}\n" if "\r" not in line[:-1] else f"{line[:-1].replace(chr(13), ' ')}{line[-1:]}\n"
        at = end + 1 if end >= 0 else -1


def _reader(lines: Iterable[str], dialect: Dialect) -> Any:
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if dialect.quoted else csv.QUOTE_NONE
    escape = dialect.escape if dialect.quoted else None
    return csv.reader(
        lines,
        delimiter=dialect.delimiter,
        quoting=quoting,
        quotechar=dialect.mark,
        escapechar=escape,
        doublequote=escape is None,
    )


def _lines_before(text: str) -> tuple[int, str, str | None]:
    """Return how many lines stand before a table, what they are, and the delimiter that the first of them tells."""
    first = text.split("\n", 60)[:60]
    told, skip = None, 0
    if first and (match := _SEP_LINE.fullmatch(first[0].rstrip("\r"))):
        told, skip = match[1], 1
    comments = 0
    for line in first[skip:]:
        if not line.lstrip("\ufeff").startswith(("#", "//", "%")) and line.strip():
            break
        comments += bool(line.strip())
    # A table whose every line begins with # is no comment, nor is a first line cut as the others are.
    body = [line for line in first[skip + comments :] if line.strip()]
    if comments and body and not any(line.startswith(("#", "//", "%")) for line in body[:20]):
        usual = next((one for one in DELIMITERS if one in body[0]), ",")
        if all(line.count(usual) != body[0].count(usual) for line in first[skip : skip + comments] if line.strip()):
            return skip + comments, say("csv.comments") if not skip else say("csv.sep_and_comments"), told
    return skip, say("csv.sep") if skip else "", told
