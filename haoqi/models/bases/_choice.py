"""Which embedded base suits a set of texts."""

from collections.abc import Collection, Mapping

from haoqi.models.bases._card import BaseCard, bases
from haoqi.models.bases._packages import available

# A base must have been trained on this share of the texts; below it, rare strangers cost more than speed gains.
ENOUGH = 0.9


def choose(languages: Mapping[str, float], installed: Collection[str] | None = None) -> str:
    """Return the name of the embedded encoder that suits the languages found.

    Of those that know enough of the texts, an installed one comes before one that is not, and the specialist
    before the one that knows a hundred languages. If none knows enough, it is the one that knows most.

    Args:
        languages: share of the texts in each language, by ISO 639 code ("zh", "zh-Hans"); codes that no base
            knows ("und") do not count.
        installed: names that can be used now; looked up when not given.

    >>> choose({"en": 0.97, "fr": 0.03}, installed=["minilm", "multilingual"])
    'minilm'
    >>> choose({"zh": 0.6, "en": 0.4}, installed=["minilm"])
    'multilingual'
    """
    if installed is None:
        installed = [one.card.name for one in available() if one.installed]
    cards = [card for card in (bases.build(name) for name in bases.names()) if card.kind == "encoder"]
    shares = _known(languages, cards)

    def worth(card: BaseCard) -> tuple[float, bool, int]:
        share = sum(part for code, part in shares.items() if code in card.languages)
        return min(share, ENOUGH), card.name in installed, -len(card.languages)

    if not shares:
        # nothing was recognised, so the one that knows most languages is the safest
        return max(cards, key=lambda card: len(card.languages)).name
    return max(cards, key=worth).name


def _known(languages: Mapping[str, float], cards: list[BaseCard]) -> dict[str, float]:
    """Return the shares of the languages that any base knows, adding up to 1."""
    known = {code for card in cards for code in card.languages}
    shares: dict[str, float] = {}
    for code, share in languages.items():
        short = code.replace("_", "-").partition("-")[0].lower()
        if short in known and share > 0:
            shares[short] = shares.get(short, 0.0) + share
    total = sum(shares.values())
    return {code: share / total for code, share in shares.items()}
