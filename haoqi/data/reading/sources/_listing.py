"""What a folder holds, by the names in it: files that may hold data, folders, splits, parts of one file."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from haoqi.core.say import joined, say
from haoqi.data.raw import Part
from haoqi.data.reading.records import part_of

# Texts come under any ending; these are what says nothing of the content.
PLAIN = (".txt", ".text", ".md", ".lst", ".list", ".dat", "")
_TABLES = frozenset(
    """.csv .tsv .tab .json .jsonl .ndjson .parquet .xlsx .xls .xlsm .ods .arrow .feather .xml .yaml .yml .conllu .ann
    .sql""".split()  # noqa: SIM905
)
_NO_TEXT = frozenset(
    """.png .jpg .jpeg .gif .bmp .tif .tiff .webp .svg .ico .pdf .doc .docx .ppt .pptx .odt .rtf .epub .mp3 .wav .flac
    .ogg .mp4 .avi .mov .mkv .zip .gz .tgz .tar .bz2 .xz .7z .rar .py .ipynb .js .sh .bat .exe .dll .so .pyc .toml
    .cfg .ini .lock .pt .pth .bin .safetensors .onnx .pkl .pickle .npy .npz .h5 .db .sqlite .feat .vocab .log
    .css""".split()  # noqa: SIM905
)
_PROSE = ("readme", "license", "licence", "source", "changelog", "notice", "citation", "copying", "about")
# What programs write beside data, about it.
_ABOUT = frozenset(
    ["dataset_infos.json", "dataset_info.json", "dataset_dict.json", "state.json", "config.json", "croissant.json"]
)
_PROSE_ENDINGS = (".txt", ".md", ".text", "", ".rst", ".html")
# Lists of names or words that stand beside data.
_LISTS = re.compile(
    r"(.*[\W_])?(labels?|class(es)?|categories|intents|tags|vocab(ulary)?|stop_?words?|mappings?|label_?(map|names)"
    r"|(label2)?id2?(label)?|(class|label)_?(names|list|map|dict))",
    re.I,
)
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Listing:
    """The names in a folder, sorted; hidden ones and prose about the data are not among them."""

    folder: Path
    files: tuple[Path, ...]
    """Those that may hold data."""
    lists: tuple[Path, ...]
    """Lists of labels or words, by their names; each may still be labels for the lines of another file."""
    folders: tuple[Path, ...]
    no_text: tuple[Path, ...]
    """Pictures, documents of word processors, programs."""


def look_into(folder: Path) -> Listing:
    """Return what a folder holds; a folder that holds nothing but another stands for that one.

    Raises:
        OSError: if it may not be read.
    """
    while True:
        entries = sorted(path for path in folder.iterdir() if not path.name.startswith((".", "__")))
        inner = tuple(path for path in entries if path.is_dir())
        files = [path for path in entries if path.is_file() and not path.name.startswith("_") and not is_prose(path)]
        if len(inner) == 1 and not files and split_of(inner[0]) is None and inner[0] != folder:
            folder = inner[0]
            continue
        texts = [path for path in files if path.suffix.lower() not in _NO_TEXT]
        lists = tuple(path for path in texts if _LISTS.fullmatch(path.stem))
        rest = tuple(path for path in files if path not in texts)
        return Listing(folder, tuple(path for path in texts if path not in lists), lists, inner, rest)


def texts_below(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return the files of text in a folder and in the folders below it, and those that are none."""
    texts: list[Path] = []
    rest: list[Path] = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "__")):
            continue
        if path.is_dir() and not path.is_symlink():
            inner, others = texts_below(path)
            texts += inner
            rest += others
        elif path.is_file():
            (texts if path.suffix.lower() not in _NO_TEXT and not is_table(path) else rest).append(path)
    return texts, rest


def is_prose(path: Path) -> bool:
    """Return whether a file is about data rather than data, by its name."""
    if path.name.lower() in _ABOUT:
        return True
    return path.suffix.lower() in _PROSE_ENDINGS and path.stem.lower().startswith(_PROSE)


def is_table(path: Path) -> bool:
    """Return whether the ending of a file says that it holds records or a table."""
    return path.suffix.lower() in _TABLES


def split_of(path: Path) -> Part | None:
    """Return the split that the name of a file or folder speaks of, or None.

    >>> split_of(Path("eng.testa")), split_of(Path("train_unlabelled.txt")), split_of(Path("reviews.csv"))
    ('valid', 'unlabelled', None)
    """
    if any(part_of(word) == "unlabelled" for word in words_of(path.name)):
        return "unlabelled"
    return part_of(path.stem) or part_of(path.name)


def split_folders(folders: Sequence[Path]) -> dict[Path, Part]:
    """Return the folders that are splits; none where "train" is rather a class, beside "bus" and "plane"."""
    known = {path: part for path in folders if (part := split_of(path))}
    if len(known) == len(folders) or len(set(known.values())) > 1:
        return known
    nested = {path for path in folders if any(inner.is_dir() for inner in path.iterdir())}
    return known if nested and nested <= set(known) else {}


def words_of(name: str) -> list[str]:
    """Return the words of a file's name, numbers among them.

    >>> words_of("rt-polarity.pos"), words_of("train_text_2.txt")
    (['rt', 'polarity', 'pos'], ['train', 'text', '2', 'txt'])
    """
    return _WORD.findall(name)


def own_words(path: Path) -> list[str]:
    """Return the words of a file's name that speak neither of a split nor of plain text.

    >>> own_words(Path("train_text.txt")), own_words(Path("seq.in")), own_words(Path("train.txt"))
    (['text'], ['seq', 'in'], [])
    """
    ending = path.suffix.lower() in PLAIN or is_table(path)
    return [word for word in words_of(path.stem if ending else path.name) if part_of(word) is None]


def are_shards(paths: Sequence[Path]) -> bool:
    """Return whether the names differ by numbers only, as those of one file in pieces do.

    >>> are_shards([Path("data-00000-of-00002.csv"), Path("data-00001-of-00002.csv")])
    True
    """
    plain = {re.sub(r"\d+", "0", path.name.lower()) for path in paths}
    return len(paths) > 1 and len(plain) == 1


def shown(paths: Sequence[Path], most: int = 8) -> str:
    """Return names as a sentence lists them."""
    listed = ", ".join(path.name for path in paths[:most])
    return say("list.and_more", listed=listed, more=len(paths) - most) if len(paths) > most else listed


def endings(paths: Sequence[Path]) -> str:
    """Return the endings of files with how many have each."""
    counts: Mapping[str, int] = {}
    counts = {one: sum(path.suffix.lower() == one for path in paths) for one in {p.suffix.lower() for p in paths}}
    told = [
        say("files.with_ending", count=count, ending=one) if one else say("files.without_ending", count=count)
        for one, count in sorted(counts.items())
    ]
    return joined(told)
