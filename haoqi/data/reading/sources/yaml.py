"""YAML: Rasa's intents with their examples, or records as JSON holds them."""

from pathlib import Path
from typing import Any

from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.raw import Raw, digest
from haoqi.data.reading.decoding.decode import head, read_text
from haoqi.data.reading.documents import read_document
from haoqi.data.reading.sources import sources
from haoqi.data.reading.tables.table import Table
from haoqi.data.settings import DataSettings


@sources.register
class Yaml:
    """Records with named fields; every value is read as the text that stands there, so that `no` stays a label."""

    def recognises(self, source: str, settings: DataSettings) -> float:
        path = Path(source)
        if path.suffix.lower() not in (".yml", ".yaml") or not path.is_file():
            return 0.0
        return 0.96 if head(path, settings.encoding).strip() else 0.0

    def read(self, source: str, settings: DataSettings, labelled: bool = True) -> Raw:
        path = Path(source)
        text, encoding = read_text(path, settings.encoding)
        table = Table(path.name, {}, "yaml", digest([text]), None, encoding)
        return read_document(_parse(text, path.name), table, settings, labelled)


def _parse(text: str, name: str) -> Any:
    """Return the value that a YAML text holds: lists, records and texts alone, never an object.

    Raises:
        UserError: if it is no YAML, or refers to parts of itself, which may be endless.
    """
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        """Makes of values nothing but texts and what is missing; to YAML `no` and `on` are no texts."""

    resolvers = yaml.SafeLoader.yaml_implicit_resolvers
    Loader.yaml_implicit_resolvers = {
        first: [one for one in found if one[0] == "tag:yaml.org,2002:null"] for first, found in resolvers.items()
    }
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader)):
            raise UserError(say("yaml.alias", name=name), say("yaml.alias.hint"))
        return yaml.load(text, Loader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(say("yaml.bad", name=name, reason=reason), say("yaml.bad.hint")) from None
