"""Which bases a search starts from."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from haoqi.core.errors import UserError
from haoqi.core.events import Listen, Note
from haoqi.core.say import joined, named, say
from haoqi.data.preparing.languages import HARDLY_ANY, language_shares
from haoqi.explore.settings import ExploreSettings
from haoqi.models.bases import Base, BaseCard


def find_missing_base(texts: Sequence[str], cache: Path) -> BaseCard | None:
    """Return the embedded base that suits some texts, if it is not installed; None where it is."""
    from haoqi.models.bases import bases, choose, resolve

    card = bases.build(choose(language_shares(texts)))
    try:
        resolve(card.name, cache)
    except UserError:
        return card
    return None


def choose_bases(
    settings: ExploreSettings, languages: Mapping[str, float], cache: Path, listen: Listen
) -> dict[str, Base]:
    """Return the bases by name: those asked for, or else the one that suits the languages found.

    Where none was asked for and the suitable one is not installed, the search goes on without a base.

    Raises:
        UserError: if a base that was asked for is not there.
    """
    from haoqi.models.bases import choose, resolve

    if settings.base:
        return {name: resolve(name, cache, download=True) for name in settings.base}
    name = choose(languages)
    try:
        base = resolve(name, cache)
    except UserError as error:
        listen(Note(say("base.none", what=error.what, hint=error.hint), warning=True))
        return {}
    most = [(language, share) for language, share in list(languages.items())[:3] if share > HARDLY_ANY]
    shares = [say("language.share", name=named("language", language), share=share) for language, share in most]
    found = joined(shares)
    listen(Note(say("base.chosen", name=name, languages=found)))
    return {name: base}
