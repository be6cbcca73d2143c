"""The spine: from a file of labelled text to a released model, on one page."""

from dataclasses import replace
from functools import partial
from pathlib import Path

from haoqi import data, report, tasks
from haoqi.core import folder
from haoqi.core.deadline import OutOfTimeError, after, ended_after
from haoqi.core.errors import UserError
from haoqi.core.events import Ended, Listen, Note, Released, Stage, silent
from haoqi.core.folder import write_atomic
from haoqi.core.ledger import Ledger
from haoqi.core.quantities import duration
from haoqi.core.say import named, say
from haoqi.core.stop import Stop, StopRequested
from haoqi.data.preparing.labelled import labelled
from haoqi.data.raw import Raw
from haoqi.data.reading.conform import conform
from haoqi.data.reading.source_names import place_of
from haoqi.data.settings import DataSettings
from haoqi.evaluate.advice import Advice
from haoqi.evaluate.evidence import Evidence
from haoqi.evaluate.headline import headline
from haoqi.explore.advice.advise import advise
from haoqi.explore.costs.closing_costs import compile_seconds
from haoqi.explore.costs.cost_model import CostModel
from haoqi.explore.experiments import run_experiment
from haoqi.explore.experiments.compile_examples import compile_examples
from haoqi.explore.experiments.final_fit import final_model
from haoqi.explore.experiments.model_store import delete_models
from haoqi.explore.experiments.results import read_evidence, score_answers
from haoqi.explore.promotion.rules import champion_test
from haoqi.explore.record.history import History
from haoqi.explore.record.test_scorings import count_scorings
from haoqi.explore.reflection import reflect
from haoqi.explore.scheduling import progress_events
from haoqi.explore.scheduling.next_proposal import end_reason, propose_next, shortest_plan_left
from haoqi.explore.setup.artifact_paths import origin_of
from haoqi.explore.setup.budget_clock import BudgetClock
from haoqi.explore.setup.context import SearchContext, build_context, check_settings
from haoqi.explore.setup.run_folder import open_run_folder
from haoqi.models.compile.compiled import Compiled
from haoqi.models.releases import promotion as promotions
from haoqi.models.releases import releases
from haoqi.models.releases.promotion import Promotion
from haoqi.models.releases.releases import Release, Tell
from haoqi.models.trim.trim import smaller
from haoqi.report.run_story import tell_story
from haoqi.report.steps import hints_of, in_words
from haoqi.run import Run

STOPPED = "stopped"
"""Why a search ended that the person stopped: what follows is to be quick."""


def improve(
    run: Run,
    listen: Listen = silent,
    raw: Raw | None = None,
    *,
    home: Path | None = None,
    cache: Path | None = None,
    begun: float | None = None,
    stop: Stop | None = None,
) -> Release:
    """Look for a better model until the budget is spent, then release the best one.

    The same run taken up again goes on where it was, whether it was killed or had ended. Ctrl-C and a stop signal
    end the search in order: what was found so far is released.

    Args:
        run: what to learn from, and for how long.
        listen: receives every event.
        raw: the rows, where the caller has them in memory already.
        home: the folder that holds runs/, releases/ and cache/; None: HAOQI_HOME.
        cache: where bases and what is known of the machine are kept, where that is not in the home.
        begun: when its minutes began, by `time.perf_counter`; None: now.
        stop: ends the search, from any thread, where the experiment under way next reports how far it has come.

    Raises:
        UserError: if the data, the settings or the disk do not allow it, or it is stopped before it has a model.
    """
    clock = BudgetClock() if begun is None else BudgetClock(begun=begun)
    home = home or folder.home()
    cache = cache or folder.cache(home)
    listen(Stage("reading", run.data.source))
    raw = raw or data.read(run.data)
    if run.data.pair is None and tasks.needs_one_text(run.task, raw):
        raw = raw.as_one_text()
    task, why = tasks.resolve(run.task, raw, run.data)
    raw = raw.grouped_by_text() if task.ranks else raw
    raw = raw.warned(*tasks.doubts(task, raw))
    for line in (*raw.schema.lines(), why):
        listen(Note(line))
    for warning in raw.schema.warnings:
        listen(Note(warning, warning=True))
    check_settings(run.explore, task, cache)
    with open_run_folder(run.folder(raw.fingerprint, home), fresh=run.fresh) as place:
        listen(Stage("preparing", say("run.preparing")))
        classes = task.output.kind.has_classes
        prepared = data.prepare(
            raw,
            task.output.read,
            run.data,
            seed=run.seed,
            folder=place / "data",
            classes=classes,
            marked=task.output.kind.of_marks,
        )
        for warning in prepared.card.schema.warnings[len(raw.schema.warnings) :]:
            listen(Note(warning, warning=True))
        history = History(Ledger(run.ledger or place / "ledger.sqlite"), f"{run.release_name}/{place.name}")
        clock = BudgetClock(history.spent_seconds, clock.begun)
        task = tasks.learn_classes(task, prepared.splits.train.labels)
        cleaned = run.data.clean and raw.shape == "labels"
        shared = {"run": history.run, "seed": run.seed, "cleaned": cleaned, "compiles": run.compile, "listen": listen}
        context = build_context(run.explore, task, prepared, place, cache=cache, **shared)
        begin(run, raw, context, history)
        listen(
            Stage(
                "exploring",
                say("run.exploring", task=named("task", task.name), metric=named("metric", task.metric.name)),
            )
        )
        ended = search(context.stopped_by(stop), history, clock)
        listen(Ended(ended, clock.spent, run.explore.budget_seconds, shortest_plan_left(context, history)))
        return release(run, context, history, ended, clock=clock, home=home, stop=stop)


def begin(run: Run, raw: Raw, context: SearchContext, history: History) -> None:
    """Record what is about to be learnt from what, once, and keep the resolved settings beside it."""
    write_atomic(context.folder / "run.yaml", run.as_yaml())
    if history.last("begin") is None:
        splits = context.splits
        counts = {"train": len(splits.train), "valid": len(splits.valid), "test": len(splits.test)}
        known = {
            "name": run.release_name,
            "task": context.task.name,
            "labels": list(context.task.labels),
            "seed": run.seed,
        }
        history.note("begin", {**known, "data": raw.fingerprint, "rows": counts, "bases": list(context.bases)})


def search(context: SearchContext, history: History, clock: BudgetClock) -> str:
    """Try plan after plan, each judged against the champion, and return why it ended.

    It ends when the budget is spent, nothing is left to try, or the person stops it.

    Raises:
        UserError: if a stop signal ends it before it has a model.
    """
    test = champion_test(context)
    progress_events.tell_resumed(context, history, clock)
    try:
        if history.unjudged:
            history.judge(test.verdict(history, history.unjudged), spent=clock.spent)
        reflect.update_lessons(context, history, lambda: clock.spent)
        while proposal := propose_next(context, history, clock.spent):
            context.check_stop()
            progress_events.tell_trying(context, history, proposal)
            experiment = history.add(run_experiment.run(proposal, context), spent=clock.spent)
            verdict = test.verdict(history, experiment)
            history.judge(verdict, spent=clock.spent)
            progress_events.tell_tried(context, history, clock)
            reflect.update_lessons(context, history, lambda: clock.spent)
            if verdict.decision != "close":
                delete_models(context, history)
    except KeyboardInterrupt as request:
        if history.champion is None:  # there is nothing to release
            if isinstance(request, StopRequested):
                raise UserError(say("run.stopped_early"), say("run.stopped_early.hint")) from None
            raise
        context.listen(Note(say("run.stopped"), warning=True))
        return STOPPED
    return end_reason(context, history, clock.spent)


def release(
    run: Run,
    context: SearchContext,
    history: History,
    ended: str,
    *,
    clock: BudgetClock,
    home: Path | None = None,
    stop: Stop | None = None,
) -> Release:
    """Let the champion learn from all but the test split, score it on that, and publish it with its evidence.

    Next steps and the report come with it. A stop signal that comes meanwhile ends what the release can do without; one
    that ended the search has done so.
    """
    optional = context if ended == STOPPED else context.stopped_by(stop)
    champion = history.found()
    name, origin = run.release_name, origin_of(champion.plan, context)
    published = next(
        (one for one in releases.list_releases(name, home=home) if one.facts.get("origin") == origin), None
    )
    if published is not None:
        promotion = promotions.standing(published, promote=run.promote, home=home)
    else:
        left = clock.left(context.settings.budget_seconds)
        # After cross-validation there is no model but that of the last fit.
        final = final_model(champion, context if context.folds else optional, history, left, stopped=ended == STOPPED)
        context.listen(Stage("releasing", say("run.releasing")))
        with smaller(
            final, context.splits, context.folder, optional.listen, deadline=_end_of_trimming(context, history, clock)
        ) as model:
            tested = score_answers(context.task, context.splits.test, model.predict(context.splits.test), run.seed)
            tested = replace(tested, scorings=1 + count_scorings(name, tested.content, history, home=home))
            evidence = {"test": tested.to_plain(), "valid": read_evidence(champion, context).to_plain()}
            learnt = _learnt_from(run, context, history)
            published, promotion = promotions.publish(
                model, evidence, name, learnt=learnt, schema=context.card.schema, promote=run.promote, home=home
            )
    if run.compile and published.facts.get("base"):
        _compile(published, optional, history, clock=clock, home=home)
    known = history.last("release")
    if new := known is None or known.body["experiment"] != champion.number:
        scores = published.evidence["test"]["scores"]
        facts = {"experiment": champion.number, "version": published.version, "scores": scores}
        facts |= {"scorings": published.evidence["test"].get("scorings", 0)}
        history.note("release", {**facts, "learnt_from": published.facts.get("learnt_from")})
    costs = CostModel.of(context, history.experiments, timed=context.settings.budget_seconds is not None)
    if (
        advice := advise(optional, history, costs.left_to_advise(clock.left(context.settings.budget_seconds)))
    ) is not None:
        advice.write(published.folder)
    story = tell_story(run, context, history, release=published, ended=ended, advice=advice, promotion=promotion)
    path = report.write(story, published.folder / "report.html")
    context.listen(replace(_released(published, context, path, promotion), hints=_hints(advice), new=new))
    return published


def evaluate(
    ref: str, settings: DataSettings, listen: Listen = silent, raw: Raw | None = None, *, home: Path | None = None
) -> Evidence:
    """Score a release on labelled examples that it has not seen.

    Args:
        ref: a release, such as "reviews" or "reviews@2".
        settings: where the examples come from.
        listen: receives every event.
        raw: the rows, where the caller has them in memory already.
        home: the folder that holds releases/ and cache/; None: HAOQI_HOME.

    Raises:
        UserError: if there is no such release, or the data do not fit its task.
    """
    found = releases.get(ref, home=home)
    model = found.load()
    listen(Stage("reading", settings.source))
    raw = conform(raw or data.read(settings, learnt=found.schema), model.task.labels, found.reference)
    for line in raw.schema.lines():
        listen(Note(line))
    for warning in raw.schema.warnings:
        listen(Note(warning, warning=True))
    examples = labelled(raw, model.task.output.read, settings, marked=model.task.output.kind.of_marks)
    listen(Stage("predicting", say("run.predicting", count=len(examples))))
    return score_answers(model.task, examples, model.predict(examples))


def compile(
    ref: str,
    settings: DataSettings | None = None,
    tell: Tell = lambda line: None,
    *,
    truncated_pass: bool = True,
    home: Path | None = None,
) -> Compiled:
    """Measure in which form a release computes fastest on this machine, and compute it so from now on.

    Args:
        ref: a release, such as "reviews" or "reviews@2".
        settings: where labelled examples to compare answers on come from; None: the validation examples of its run.
        tell: receives what is being done.
        truncated_pass: whether the beginning of a long text may answer, where its confidence margin is large.
        home: the folder that holds runs/, releases/ and cache/; None: HAOQI_HOME.

    Raises:
        UserError: if there is no such release, nothing of it can be compiled, or the examples are not there.
    """
    release = releases.get(ref, home=home)
    compiled = partial(releases.compile, ref, tell=tell, truncated_pass=truncated_pass, home=home)
    if settings is None:
        with compile_examples(release, home=home) as chosen:
            return compiled(examples=chosen.examples, learnt=chosen.learnt, stand_in=chosen.stand_in)
    raw = conform(data.read(settings, learnt=release.schema), release.task.labels, release.reference)
    output = release.task.output
    return compiled(examples=labelled(raw, output.read, settings, marked=output.kind.of_marks))


def _end_of_trimming(context: SearchContext, history: History, clock: BudgetClock) -> float | None:
    """Return the deadline of making a release smaller: the test split, next steps and the report come after it.

    It is not begun where it is believed to take longer.
    """
    if context.settings.budget_seconds is None:
        return None
    costs, plan = CostModel.of(context, history.experiments, timed=True), history.found().plan
    left = (
        (clock.left(context.settings.budget_seconds) or 0.0) - costs.closing_seconds(None) - costs.judging_seconds(plan)
    )
    return after(left if costs.trimming_seconds(plan) <= left else 0.0)


def _compile(
    published: Release, context: SearchContext, history: History, *, clock: BudgetClock, home: Path | None
) -> None:
    """Compile what was published, unless it was before or the minutes do not allow it; it is good without that too."""
    if published.compiled is not None:
        return
    costs = CostModel.of(context, history.experiments, timed=context.settings.budget_seconds is not None)
    left = costs.left_to_compile(clock.left(context.settings.budget_seconds))
    by_hand = f"haoqi compile {published.reference}"
    needed = compile_seconds(context, costs.rates, history.found().plan)
    if left is not None and needed > left:
        context.listen(Note(say("run.not_compiled.no_time", seconds=duration(needed), command=by_hand)))
        return
    context.listen(Stage("compiling", say("run.compiling")))
    try:
        context.check_stop()
        with ended_after(left):
            context.listen(Note(compile(published.reference, home=home).words))
    except OutOfTimeError:
        context.listen(Note(say("run.not_compiled.too_long", command=by_hand), warning=True))
    except UserError as error:
        context.listen(Note(say("run.not_compiled", reason=error.what)))
    except KeyboardInterrupt:
        context.listen(Note(say("run.not_compiled", reason=say("run.by_you")), warning=True))


def _learnt_from(run: Run, context: SearchContext, history: History) -> dict[str, object]:
    """Return what tells a run's data from others of the same name: fingerprint, place, and of numbers the scale."""
    schema, begun = context.card.schema, history.last("begin")
    source = (
        "" if schema.format == "memory" else schema.source if "://" in run.data.source else place_of(run.data.source)
    )
    numbers = context.splits.train.labels if context.task.output.kind.is_number else []
    scale = {"scale": promotions.scale_of(numbers)} if numbers else {}
    return {"fingerprint": str(begun.body["data"]) if begun else "", "source": source, **scale}


def _released(published: Release, context: SearchContext, path: Path, promotion: Promotion) -> Released:
    found = headline(published.evidence, context.task.metric.name)
    assert found is not None
    one = found.lead
    return Released(
        published.name,
        published.version,
        str(published.folder),
        *(one.metric, one.score, one.low, one.high),
        str(path),
        headline=found.to_plain(),
        promoted=promotion.promoted,
        answers=promotion.answers,
        why_not=promotion.why_not,
        promotion=promotion.facts,
        pairs=context.task.of_two,
        marked=context.task.output.kind.of_marks,
    )


def _hints(advice: Advice | None) -> tuple[str, ...]:
    """Return what a person should know before all else, as sentences."""
    return () if advice is None else tuple(map(in_words, hints_of(advice)))
