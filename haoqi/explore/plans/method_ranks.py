"""How methods tend to rank where time does not count: the order in which ties are settled."""

from haoqi.explore.plans.plan import Plan

# How methods tend to rank where time does not count, the best first. It settles ties among the first plans, and which
# one on frozen features comes first where these cost much; every claim is tested. A guess:
# docs/decisions/explore-scheduling.md has accuracies of three of them only.
RANK = ("full", "top_layers", "setfit", "lora", "blend", "probe", "crf", "tfidf", "logistic", "knn", "zero_shot")

# The same where there are some eight examples a label, as seen on eight draws of four data sets
# (docs/decisions/explore-scheduling.md).
RANK_OF_FEW = (
    *("setfit", "probe", "full", "top_layers", "lora", "knn", "zero_shot", "blend", "tfidf", "logistic", "majority"),
)


def method_rank(plan: Plan, *, few: bool = False) -> int:
    """Return where a plan's method stands among methods when time does not count; 0 is the best.

    Args:
        plan: any.
        few: whether there are only some examples of each label.
    """
    ranks = RANK_OF_FEW if few else RANK
    return ranks.index(plan.method) if plan.method in ranks else len(ranks) // 2
