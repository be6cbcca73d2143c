from pathlib import Path

from haoqi import methods, tasks
from haoqi.data.examples import Examples, Span
from haoqi.methods.crf import FEW
from haoqi.methods.method import Job, Progress
from haoqi.models.feature_store.store import FeatureStore
from haoqi.models.predictor import Predictor
from haoqi.models.predictors.tagger import Tagger

NAMES = ("Ann", "Bob", "Cleo", "Dan Lee", "Eve Moss", "Fay")


def sentences() -> Examples:
    texts, labels = [], []
    for number, name in enumerate(NAMES * 4):
        before = ("Then ", "Yesterday ", "In the hall ")[number % 3]
        texts.append(f"{before}{name} said that rain was near .")
        labels.append((Span(len(before), len(before) + len(name), "PER"),))
    return Examples.of(texts, labels)


def fit(
    train: Examples,
    seed: int = 0,
    seconds: float | None = None,
    heard: list[Progress] | None = None,
    **settings: object,
) -> Predictor:
    notes = heard if heard is not None else []
    task = tasks.build("entities", ("PER",))
    store = FeatureStore(Path("unused"))
    job = Job(task, train, train, seed, store, seconds=seconds, report=notes.append)
    return methods.build("crf", **settings).fit(job)


def found(predictor: Predictor, texts: list[str]) -> list[list[str]]:
    task, asked = tasks.build("entities", ("PER",)), Examples.of(texts)
    spans = task.output.decode(predictor.scores(asked), asked).labels
    return [[text[span.start : span.end] for span in row] for text, row in zip(texts, spans, strict=True)]


def test_names_are_found_by_their_context_also_if_never_seen() -> None:
    asked = ["Then Gus said that rain was near .", "Yesterday Eve Moss said that rain was near .", "rain was near ."]
    assert found(fit(sentences()), asked) == [["Gus"], ["Eve Moss"], []]


def test_no_tag_is_left_to_crfsuites_own_chance() -> None:
    one, other = fit(sentences(), seed=3), fit(sentences(), seed=3)
    asked = Examples.of(["Gus was near Ann ."])
    assert (one.scores(asked)[0] == other.scores(asked)[0]).all()


def test_without_time_one_epoch_is_learnt_from() -> None:
    heard: list[Progress] = []
    fit(sentences(), seconds=0.0, heard=heard)
    assert heard[-1].note == "1 epoch"


def test_span_that_ends_inside_a_word_is_learnt_from_that_part() -> None:
    train = Examples.of(["AnnLee spoke"] * 6, [(Span(0, 3, "PER"),)] * 6)
    cut = Examples(["AnnLee spoke"], [None], [0], words=[((0, 3), (3, 6), (7, 12))])
    task = tasks.build("entities", ("PER",))
    answer = task.output.decode(fit(train).scores(cut), cut).labels[0]
    assert answer == (Span(0, 3, "PER"),)


def test_texts_without_a_word_are_no_obstacle() -> None:
    train = Examples.join([sentences(), Examples.of(["", "  "], [(), ()])])
    assert found(fit(train), [""]) == [[]]


def test_time_to_spare_changes_nothing() -> None:
    free, limited = fit(sentences()), fit(sentences(), seconds=300.0)
    assert isinstance(free, Tagger) and isinstance(limited, Tagger)
    assert free.features == limited.features
    assert (free.weights == limited.weights).all()


def test_another_seed_gives_the_same_model() -> None:
    asked = Examples.of(["Gus was near Ann ."])
    assert (fit(sentences(), seed=1).scores(asked)[0] == fit(sentences(), seed=2).scores(asked)[0]).all()


def test_features_that_tell_little_get_no_weight() -> None:
    heard: list[Progress] = []
    whole, brief = fit(sentences(), heard=heard), fit(sentences(), heard=heard, epochs=5)
    assert [one.note for one in heard if one.share == 0.2] == ["100 passes", "5 epochs"]
    assert isinstance(whole, Tagger) and isinstance(brief, Tagger)
    assert len(whole.features) < len(brief.features) / 2


def test_few_epochs_find_what_they_were_shown() -> None:
    asked = ["Then Ann said that rain was near .", "rain was near ."]
    assert found(fit(sentences(), epochs=10), asked) == [["Ann"], []]


def test_many_texts_are_learnt_from_by_descent() -> None:
    heard: list[Progress] = []
    many = Examples.join([sentences()] * (FEW // len(sentences()) + 1))
    assert found(fit(many, heard=heard), ["Then Gus said that rain was near ."]) == [["Gus"]]
    assert heard[-1].note == "20 epochs"
