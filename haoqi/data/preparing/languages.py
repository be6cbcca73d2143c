"""Which languages texts are in, by their script and their smallest words: enough to choose a base."""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

_SCRIPTS = {
    "ja": re.compile("[\u3040-\u30ff]"),
    "ko": re.compile("[\uac00-\ud7af\u1100-\u11ff]"),
    "zh": re.compile("[\u3400-\u9fff\uf900-\ufaff]"),
    "ru": re.compile("[\u0400-\u04ff]"),
    "ar": re.compile("[\u0600-\u06ff]"),
    "hi": re.compile("[\u0900-\u097f]"),
    "th": re.compile("[\u0e00-\u0e7f]"),
    "el": re.compile("[\u0370-\u03ff]"),
    "he": re.compile("[\u0590-\u05ff]"),
}
# The commonest function words; those that two languages share tell nothing and are left out.
_WORDS = {
    "en": "the and is was with for this that have not you are it they of to what my how can i we be on",
    "de": "der die das und ist nicht ein eine ich mit auf den für sich auch von zu wie wir aber bei im",
    "fr": "le les et est une des pas je du dans pour qui vous il sur avec ce au c'est mais nous plus",
    "es": "el los y una las por con para del como está muy pero más mi su lo al este hay yo qué",
    "it": "il di che è non per gli sono della con questo anche ma più mi dei nel ho come alla",
    "pt": "o não uma os em um com para do da muito mais é eu mas foi isso ao você são",
    "nl": "het een van niet ik zijn met voor maar op dat aan ook naar heb deze wij te bij",
}
_OWNERS: dict[str, list[str]] = {}
for _language, _listed in _WORDS.items():
    for _word in _listed.split():
        _OWNERS.setdefault(_word, []).append(_language)
_LATIN = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_SAMPLE = 2_000


# A language with no more than this share rounds to 0 %, and is not named.
HARDLY_ANY = 0.005


def language_of(text: str) -> str:
    """Return the language of a text as a two-letter code, or "other".

    >>> language_of("The battery died on day two."), language_of("电池第二天就坏了"), language_of("12:30")
    ('en', 'zh', 'other')
    """
    start = text[:1_000].lower()
    words = _LATIN.findall(start)
    counts = {name: len(script.findall(start)) for name, script in _SCRIPTS.items()}
    best = max(counts, key=lambda name: counts[name])
    latin = [word for word in words if word.isascii() or word[0] < "\u0250"]
    if counts[best] > sum(map(len, latin)) * 0.4 and counts[best] > 0:
        # Kana among Chinese characters is Japanese, even where it is the lesser part.
        return "ja" if best == "zh" and counts["ja"] > 0.1 * counts["zh"] else best
    votes = Counter(owner for word in latin for owner in _OWNERS.get(word, ()))
    if votes:
        return votes.most_common(1)[0][0]
    # A short text of plain letters without any small word is English more often than anything else.
    return "en" if latin and all(word.isascii() for word in latin) else "other"


def language_shares(texts: Sequence[str]) -> dict[str, float]:
    """Return the share of each language, largest first, estimated on up to 2,000 texts spread over all."""
    if not texts:
        return {}
    rows = np.unique(np.linspace(0, len(texts) - 1, min(len(texts), _SAMPLE)).astype(int))
    counts = Counter(language_of(texts[row]) for row in rows)
    return {name: round(count / len(rows), 4) for name, count in counts.most_common()}
