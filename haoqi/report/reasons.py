"""Why an experiment was made: what the terminal says in a few words, a sentence on the page."""

from haoqi.core.say import known
from haoqi.explore.plans.plan import Experiment
from haoqi.report.markup import Child, Said


def spoken(experiment: Experiment) -> Child:
    """Return why an experiment was made; a reason that the page has no sentence for in the words of the terminal."""
    why = experiment.why
    if why is None:
        return None
    key = f"reason.{why.kind}"
    return Said(key, **why.written) if known(key) else why.words("why")
