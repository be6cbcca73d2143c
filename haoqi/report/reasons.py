"""Why an experiment was made: what the terminal says in a few words, a sentence on the page."""

from haoqi.core.say import known
from haoqi.report.markup import Child, Said
from haoqi.report.story import Row


def spoken(row: Row) -> Child:
    """Return why an experiment was made; a reason that the page has no sentence for in the words of the terminal."""
    why = row.why
    if why is None:
        return None
    key = f"reason.{why.kind}"
    return Said(key, **why.written) if known(key) else why.words("why")
