"""Why an experiment was made: what the terminal says in a few words, a sentence on the page."""

from haoqi.core.say import Sentence, known
from haoqi.report.markup import Child, Said
from haoqi.report.story import Row


def spoken(row: Row) -> Child:
    """Return why an experiment was made; a reason that the page has no sentence for in its own words."""
    why = row.why
    if not isinstance(why, Sentence):
        return why or None
    key = f"reason.{why.key.rpartition('.')[2]}"
    return Said(key, **why.facts) if known(key) else why
