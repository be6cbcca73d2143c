"""The Python interface of pretraining: the same as the command line, on files and lists of texts."""

from dataclasses import fields
from pathlib import Path
from typing import Any

from haoqi.core.config import build
from haoqi.core.events import Listen, silent
from haoqi.data.settings import DataSettings
from haoqi.pretraining.pretrain import Pretrained
from haoqi.pretraining.pretrain import pretrain as run
from haoqi.pretraining.settings import PretrainSettings

IN_MEMORY = "texts"


def pretrain(source: Any, *, listen: Listen = silent, home: str | Path | None = None, **settings: Any) -> Pretrained:
    """Let a base go on learning from plain text and keep it; what `haoqi pretrain` does.

    Args:
        source: a folder of any files, a file, a data set or a sample; or a list of texts.
        listen: is told of everything that happens; see `haoqi.core.events`.
        home: the folder that holds runs/, bases/ and cache/; None: HAOQI_HOME.
        settings: any setting of `PretrainSettings` by its name, such as base, minutes, name, seed; and of how a source
            is read, such as text and label.

    Raises:
        UserError: if the source, the settings or the base do not allow it, or the name is taken.
    """
    own = {one.name for one in fields(PretrainSettings)}
    mine = build(PretrainSettings, {key: value for key, value in settings.items() if key in own}, "a pretraining")
    rest = {key: value for key, value in settings.items() if key not in own}
    name = str(source) if isinstance(source, str | Path) else IN_MEMORY
    data = build(DataSettings, {"source": name, **rest}, "reading texts")
    place = None if home is None else Path(home).expanduser().absolute()
    return run(source, mine, data, listen, home=place)
