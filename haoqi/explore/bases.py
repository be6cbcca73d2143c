"""Which bases a search starts from, and how long texts are in their pieces."""

from collections.abc import Mapping, Sequence

from haoqi.core import folder
from haoqi.core.errors import UserError
from haoqi.core.events import Listen, Note
from haoqi.explore.settings import ExploreSettings
from haoqi.models.bases import Base

_SAMPLED = 400


def bases_for(settings: ExploreSettings, languages: Mapping[str, float], listen: Listen) -> dict[str, Base]:
    """Return the bases by name: those asked for, or else the one that suits the languages found.

    Where none was asked for and the suitable one is not installed, the search goes on without a base.

    Raises:
        UserError: if a base that was asked for is not there.
    """
    from haoqi.models.bases import choose, resolve

    if settings.base:
        return {name: resolve(name, folder.cache(), download=True) for name in settings.base}
    name = choose(languages)
    try:
        base = resolve(name, folder.cache())
    except UserError as error:
        listen(Note(f"going on without a base: {error.what} ({error.hint})", warning=True))
        return {}
    found = ", ".join(f"{language} {share:.0%}" for language, share in list(languages.items())[:3])
    listen(Note(f"base {name}, by the languages found: {found}"))
    return {name: base}


def mean_tokens(texts: Sequence[str], base: Base | None) -> float:
    """Return the mean length of texts in a base's pieces, cut where it cuts, from a sample of them."""
    step = max(1, len(texts) // _SAMPLED)
    sample = list(texts[::step][:_SAMPLED])
    if not sample:
        return 1.0
    if base is None:
        return 2 + sum(len(text) for text in sample) / len(sample) / 4
    from haoqi.models.bases import load_tokenizer

    encoded = load_tokenizer(base).encode_batch(sample)
    return sum(min(len(one.ids), base.card.max_tokens) for one in encoded) / len(sample)
