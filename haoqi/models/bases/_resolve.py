"""From the name of a base to a folder that can be loaded: local folder, hub, or an embedded package."""

import json
import re
import shutil
import time
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp

from haoqi.core.errors import UserError, unknown
from haoqi.core.say import say
from haoqi.models.bases._card import Base, BaseCard, bases
from haoqi.models.bases._folders import is_complete, read_folder
from haoqi.models.bases._own import has_own, own_names, read_own
from haoqi.models.bases._packages import (
    Progress,
    can_install_here,
    checksum,
    install,
    package_file,
    packages_folder,
    verify,
)

# Raise it when a converted folder would come out differently, so that old ones are not used any more.
FORMAT = 1
# Converting takes seconds; what is older was left by a process that was stopped.
ABANDONED_SECONDS = 600
CACHE_HINT = "free some space, or name another cache folder"
HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95})?")
# All that a text model needs; in particular no pickles and no code.
HUB_FILES = [
    "config.json",
    "model*.safetensors",
    "model.safetensors.index.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "generation_config.json",
    "config_sentence_transformers.json",
    "1_Pooling/config.json",
    "README.md",
]


def resolve(name: str, cache: Path, *, download: bool = False) -> Base:
    """Return the base of a name, ready to be loaded.

    A local folder comes first, then an embedded base, then one that was made here, then the hub's cache on this
    machine, then the hub. An
    embedded base that its package packs in a form of its own is converted once, into `cache/bases`.

    Args:
        name: a folder, an embedded base ("minilm"), one that was made here, or a model of the hub ("owner/model").
        cache: folder for what is converted; made if need be. Bases that were made here lie beside it.
        download: whether the hub may be asked for what is not here.

    Raises:
        UserError: if there is no such base, it is not here, or its files are damaged or pickled.
    """
    folder = _local_folder(name)
    if folder is not None:
        return read_folder(name, folder)
    if name in bases.names():
        return embedded(bases.build(name), cache)
    if has_own(name, cache):
        return read_own(name, cache)
    if not HUB_NAME.fullmatch(name) or ".." in name:
        raise UserError(f"{name!r} is neither a folder here nor a name of a base", _names_hint())
    return read_folder(name, _hub_folder(name, download, own_names(cache)))


def fetch(name: str, cache: Path, progress: Progress | None = None) -> Base:
    """Bring a base onto this machine if it is not here yet, and return it: what `haoqi bases get` does.

    Args:
        name: as for resolve.
        cache: as for resolve; also takes the packages that cannot go into this Python.
        progress: called with bytes done and bytes in all while a package is transferred.

    Raises:
        UserError: as resolve and install.
    """
    if _local_folder(name) is None and name in bases.names():
        card = bases.build(name)
        found = package_file(card, cache)
        if found is None or checksum(found) != card.sha256:
            install(name, None if can_install_here() else packages_folder(cache), progress)
    return resolve(name, cache, download=True)


def _local_folder(name: str) -> Path | None:
    """Return the folder that a name means, if it means one."""
    try:
        folder = Path(name).expanduser()
        found = (folder / "config.json").is_file()
    # no such person's home, or a name that no file can have
    except (RuntimeError, OSError) as error:
        raise UserError(
            f"{name[:80]!r} is neither a folder here nor a name of a base: {error}", _names_hint()
        ) from None
    if found:
        return folder.resolve()
    if name.startswith(("/", "./", "../", "~", ".\\")) or folder.is_absolute() or "\\" in name:
        what = "holds no config.json" if folder.is_dir() else "does not exist"
        raise UserError(f"the folder {folder} {what}", "name a folder that save_pretrained wrote")
    return None


def embedded(card: BaseCard, cache: Path) -> Base:
    """Return the base that a package ships, in place or converted.

    Raises:
        UserError: if the package is not installed, or its file is not the pinned one.
    """
    found = package_file(card, cache)
    if found is None:
        raise UserError(
            say("base.missing", name=card.name, package=card.package, megabytes=f"{card.download_bytes / 1e6:.0f}"),
            f"haoqi bases get {card.name}",
        )
    if card.expand is None:
        verify(found, card)
        return read_folder(card.name, found.parent, card)
    folder = cache / "bases" / f"{card.name}-{card.version}-{FORMAT}"
    if not _is_whole(folder, card):
        verify(found, card)
        _convert(card, found, folder)
    return read_folder(card.name, folder, card)


def _is_whole(folder: Path, card: BaseCard) -> bool:
    """Say whether a converted folder is there, of this source, with every file as long as it was written."""
    try:
        note = json.loads((folder / "source.json").read_text(encoding="utf-8"))
        sizes = {name: (folder / name).stat().st_size for name in note["sizes"]}
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return bool(note.get("sha256") == card.sha256 and sizes == note["sizes"])


def _convert(card: BaseCard, file: Path, folder: Path) -> None:
    """Write the transformers form of a package's file, whole or not at all."""
    assert card.expand is not None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        made = Path(mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise UserError(f"cannot write the base {card.name} into {folder.parent}: {error}", CACHE_HINT) from None
    try:
        card.expand(file, made)
        sizes = {path.name: path.stat().st_size for path in sorted(made.iterdir())}
        (made / "source.json").write_text(json.dumps({"sha256": card.sha256, "sizes": sizes}), encoding="utf-8")
        made.chmod(0o755)
        for path in made.iterdir():
            path.chmod(0o644)
        _put(made, folder, card)
    except OSError as error:
        raise UserError(f"cannot write the base {card.name} into {folder.parent}: {error}", CACHE_HINT) from None
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _put(made: Path, folder: Path, card: BaseCard) -> None:
    """Move a finished folder to its place; another process may have been quicker."""
    if folder.exists() and not _is_whole(folder, card):
        shutil.rmtree(folder, ignore_errors=True)
    try:
        made.replace(folder)
    except OSError:
        if not _is_whole(folder, card):
            raise


def _sweep(folder: Path) -> None:
    """Remove what stopped processes left beside a folder."""
    for left in folder.parent.glob(f".{folder.name}-*"):
        # another process may sweep at the same time
        with suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > ABANDONED_SECONDS:
                shutil.rmtree(left, ignore_errors=True)


def _hub_folder(name: str, download: bool, others: list[str]) -> Path:
    """Return where the hub's cache on this machine holds a model, asking the hub for it if allowed."""
    from huggingface_hub import snapshot_download

    try:
        found = Path(snapshot_download(name, allow_patterns=HUB_FILES, local_files_only=True))
        if is_complete(found):
            return found
    except (OSError, ValueError):
        pass
    if not download:
        raise _not_here(name, others)
    try:
        return Path(snapshot_download(name, allow_patterns=HUB_FILES))
    except (OSError, ValueError) as error:
        if "/" not in name:  # rather a slip of the pen than one of the hub's oldest models
            raise _not_here(name, others) from None
        first = str(error).strip().partition("\n")[0] or type(error).__name__
        raise UserError(f"the hub did not give {name}: {first}", _names_hint(name)) from None


def _not_here(name: str, others: list[str]) -> UserError:
    if "/" in name:
        return UserError(f"the base {name} is not on this machine", _names_hint(name))
    found = unknown("base", name, [*bases.names(), *others])
    return UserError(found.what, f"{found.hint}; or a folder, or a model of the hub (owner/model)")


def _names_hint(name: str = "") -> str:
    """Return which embedded base does what a model of the hub does, or the names there are."""
    for card in map(bases.build, bases.names()):
        if name and card.original == name:
            return f"haoqi bases get {name} while online; {card.name} is the same model from a package"
    if name:
        return f"haoqi bases get {name} while online; without a network there are: {', '.join(bases.names())}"
    return f"the bases are: {', '.join(bases.names())}; or a folder, or a model of the hub (owner/model)"
