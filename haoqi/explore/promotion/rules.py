"""The champion test of a search, with its metric, its share of alpha, its retests and what other data sets know."""

from functools import partial

from haoqi.explore.beliefs.evidence_pooling import cross_dataset_lead
from haoqi.explore.experiments.results import pool_statistics
from haoqi.explore.promotion.champion_test import ChampionTest
from haoqi.explore.promotion.retest import retest_close_call
from haoqi.explore.promotion.selection_bias import champion_selection_bias
from haoqi.explore.setup.context import SearchContext


def champion_test(context: SearchContext) -> ChampionTest:
    """Return the test by which challengers of this search are judged."""
    return ChampionTest(
        metric=context.task.metric,
        alpha=context.settings.alpha,
        pooled=lambda experiments: pool_statistics(experiments, context),
        repeatable=lambda experiment: (
            experiment.plan.method in context.makers and context.method(experiment.plan).stochastic
        ),
        seed=context.seed,
        retest=partial(retest_close_call, context=context),
        lead=cross_dataset_lead(context),
        selection_bias=partial(champion_selection_bias, context=context),
    )
