"""What a source is called where nobody says: after the file, and its folder where the file's name says nothing."""

import os
import re
from pathlib import Path

# What many files are called, whatever is in them: alone, such a name would be that of another project's model, too.
_FILES = """
train training trainset trn data dataset datasets dat input inputs output outputs file files test testing tests testset
all full final total clean cleaned raw new old copy of the my text texts label labels labeled labelled annotated
annotation annotations example examples sample samples row rows record records corpus csv tsv txt json jsonl excel
export exported exports untitled unnamed document doc download downloaded sheet book workbook table results result
dev valid validation val eval evaluation split splits v version tmp temp foo default index main set
训练 训练集 训练数据 测试 测试集 测试数据 验证 验证集 开发集 数据 数据集 标签 标注 样本 样例 语料 文本 文件
表格 工作簿 新建 未命名 副本 导出 全部
"""
_FOLDERS = """
archive archives attachments base content desktop documents downloads home interim kaggle media mnt opt private
processed project root share shared srv src storage tables user users usr var volumes workspace work
下载 桌面 文档
"""
_SAY_NOTHING = frozenset(_FILES.split())
_HOLD_ANYTHING = _SAY_NOTHING | frozenset(_FOLDERS.split())
_SCHEME = re.compile(r"[A-Za-z][\w+.\-]*://")


def name_of(source: str) -> str:
    """Return what a source is called: its file's name without the ending, or the last part of an address.

    A name that many files have is put behind that of the nearest folder that says more, which is the same from
    wherever the file is named.

    >>> name_of("mails/train.csv"), name_of("mails/data/train.csv"), name_of("mails/orders.csv"), name_of("train.csv")
    ('mails-train', 'mails-train', 'orders', 'train')
    """
    parts = _parts(source)
    stem = _stem(parts[-1]) if parts else ""
    if _among(stem, _SAY_NOTHING):
        folder = next((part for part in reversed(parts[:-1]) if not _among(part, _HOLD_ANYTHING)), None)
        stem = f"{_safe(folder)}-{stem}" if folder and _safe(folder) else stem
    return _safe(_safe(stem)[:100]) or "run"


def place_of(source: str) -> str:
    """Return where a source lies, the same from wherever it is named; what is no file here is returned as it is.

    The person's own folder is written as ~, since a release may travel.
    """
    path = Path(source).expanduser()
    if not _exists(path):
        return source
    whole = Path(os.path.normpath(path.absolute()))
    own = Path.home()
    return f"~/{whole.relative_to(own)}" if own in whole.parents and own != Path("/") else str(whole)


def _parts(source: str) -> list[str]:
    """Return the folders and the file of a source, outermost first, without the person's own folder and above."""
    path = Path(source).expanduser()
    if _exists(path):
        whole = Path(os.path.normpath(path.absolute()))
        own = Path.home()
        inside = whole.relative_to(own) if own in whole.parents else whole
        return [part for part in inside.parts if part != whole.anchor]
    address = source.partition("?")[0]
    scheme = _SCHEME.match(address)
    parts = [part for part in re.split(r"[/\\]", address[scheme.end() if scheme else 0 :]) if part]
    if scheme and parts:  # who asks, and the password, are no part of a name
        parts[0] = parts[0].rpartition("@")[2]
    return parts


def _stem(last: str) -> str:
    return last.strip(".") if last.startswith(".") else last.split(".")[0]


def _among(name: str, known: frozenset[str]) -> bool:
    """Return whether every word of a name is among those known, numbers at the end apart."""
    words = re.split(r"[\W_]+", name.casefold().strip())
    while words and (not words[-1] or words[-1].isdecimal()):
        words.pop()
    return all(word.rstrip("0123456789") in known for word in words if word)


def _safe(name: str) -> str:
    return re.sub(r"\.{2,}", ".", re.sub(r"[^\w.\-]+", "-", name)).strip("-._")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name too long, or with a zero byte
        return False
