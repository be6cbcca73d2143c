import copy
import gc
import os
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pyarrow
import pytest
from joblib.externals.loky import get_reusable_executor
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import estimator_checks

import haoqi
from haoqi import TextClassifier
from haoqi.core import folder
from haoqi.models.releases import releases

WORDS = {"good": "+", "great": "+", "lovely": "+", "bad": "-", "awful": "-", "rude": "-"}
THINGS = ("battery", "screen", "coffee", "hotel", "film", "book", "train", "camera", "soup", "lamp")
TEXTS = [f"the {thing} was {word}" for thing in THINGS for word in WORDS]
LABELS = [label for _ in THINGS for label in WORDS.values()]


def quick(**settings: Any) -> TextClassifier:
    """Return a classifier that learns in a moment."""
    return TextClassifier(**{"steps": 1, "methods": "tfidf", **settings})


@pytest.fixture(scope="module")
def fitted() -> TextClassifier:
    return quick().fit(TEXTS, LABELS)


# Those of scikit-learn's checks that need no matrix of numbers; the others give numbers where texts are needed.
@pytest.mark.parametrize(
    "check",
    [
        estimator_checks.check_estimator_cloneable,
        estimator_checks.check_estimator_tags_renamed,
        estimator_checks.check_valid_tag_types,
        estimator_checks.check_estimator_repr,
        estimator_checks.check_no_attributes_set_in_init,
        estimator_checks.check_mixin_order,
        estimator_checks.check_set_params,
        estimator_checks.check_get_params_invariance,
        estimator_checks.check_parameters_default_constructible,
    ],
    ids=lambda check: check.__name__,
)
def test_scikit_learn_s_own_checks_pass(check: Any) -> None:
    check("TextClassifier", quick())


def test_a_fit_changes_no_parameter_and_returns_itself() -> None:
    model = quick(methods=["tfidf"])
    before = model.get_params()
    assert model.fit(TEXTS, LABELS) is model
    assert model.get_params() == before


def test_it_predicts_labels_in_their_own_type(fitted: TextClassifier) -> None:
    assert fitted.predict(["the chair was awful", "the song was great"]).tolist() == ["-", "+"]
    numbers = quick().fit(TEXTS, [7 if label == "+" else -3 for label in LABELS])
    assert numbers.classes_.tolist() == [-3, 7]
    assert numbers.predict(["the chair was awful"]).dtype.kind == "i"


def test_probabilities_add_up_and_agree_with_the_labels(fitted: TextClassifier) -> None:
    found = fitted.predict_proba(TEXTS)
    assert found.shape == (len(TEXTS), 2)
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
    assert (fitted.classes_[found.argmax(axis=1)] == fitted.predict(TEXTS)).all()
    assert fitted.score(TEXTS, LABELS) > 0.95


def test_no_texts_have_no_answers(fitted: TextClassifier) -> None:
    assert fitted.predict([]).shape == (0,)
    assert fitted.predict_proba([]).shape == (0, 2)


def test_arrays_and_series_are_lists_of_text_too(fitted: TextClassifier) -> None:
    lists = (np.array(TEXTS), np.array(TEXTS, dtype=object), pandas.Series(TEXTS), tuple(TEXTS), pyarrow.array(TEXTS))
    for texts in lists:
        assert (fitted.predict(texts) == fitted.predict(TEXTS)).all()


def test_before_a_fit_it_says_so() -> None:
    for ask in (quick().predict, quick().predict_proba):
        with pytest.raises(NotFittedError):
            ask(TEXTS)


def test_a_clone_is_not_fitted_and_has_the_same_parameters(fitted: TextClassifier) -> None:
    copied = clone(fitted)
    assert copied.get_params() == fitted.get_params()
    assert not hasattr(copied, "model_")


def test_it_survives_pickle_and_copy_with_the_same_answers(fitted: TextClassifier) -> None:
    for again in (pickle.loads(pickle.dumps(fitted)), copy.deepcopy(fitted)):
        np.testing.assert_allclose(again.predict_proba(TEXTS), fitted.predict_proba(TEXTS))
        assert again.get_params() == fitted.get_params()


def test_it_works_in_pipelines_searches_and_cross_validation() -> None:
    lower = FunctionTransformer(lambda texts: [text.lower() for text in texts])
    chain = make_pipeline(lower, quick())
    assert chain.fit(TEXTS, LABELS).predict(["THE CHAIR WAS AWFUL"]).tolist() == ["-"]
    assert cross_val_score(quick(), TEXTS, LABELS, cv=2).min() > 0.8
    search = GridSearchCV(quick(), {"methods": ["majority", "tfidf"]}, cv=2).fit(TEXTS, LABELS)
    assert search.best_params_ == {"methods": "tfidf"}


@pytest.mark.parametrize(
    ("texts", "labels", "what"),
    [
        ("one text", ["+"], "is one text"),
        ([], [], "found no texts"),
        (TEXTS, LABELS[:-1], "differ in length"),
        (TEXTS, None, "target y is None"),
        (TEXTS, ["+"] * len(TEXTS), "one class only"),
        ([*TEXTS[:-1], 3.5], LABELS, "is 3.5"),
        (np.zeros((4, 3)), LABELS[:4], r"has shape \(4, 3\)"),
        (np.zeros((4, 2)), LABELS[:4], r"X\[0\] is \[0.0, 0.0\]"),
        (TEXTS, [*LABELS[:-1], None], "every text needs an answer"),
        (TEXTS[:2], [1.0, float("nan")], "every text needs an answer"),
        (TEXTS[:2], ["+", pandas.NA], "every text needs an answer"),
        (TEXTS[:2], pandas.array([1, None], dtype="Int64"), "every text needs an answer"),
        ([TEXTS[0], pandas.NA], LABELS[:2], "is None"),
    ],
)
def test_bad_input_is_a_value_error_in_words(texts: Any, labels: Any, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        quick().fit(texts, labels)


def test_nothing_is_kept_unless_it_has_a_name() -> None:
    before = {path for path in folder.home().rglob("*") if "cache" not in path.parts}
    quick().fit(TEXTS, LABELS)
    assert {path for path in folder.home().rglob("*") if "cache" not in path.parts} == before
    quick(name="kept_by_name").fit(TEXTS, LABELS)
    assert (folder.releases() / "kept_by_name" / "1").is_dir()


def test_fits_in_threads_leave_loads_and_releases_of_others_where_they_are() -> None:
    """While models are fitted, others load and publish in the home, and no variable of the process changes."""
    quick(name="neighbour").fit(TEXTS, LABELS)
    model, evidence = releases.load("neighbour"), releases.get("neighbour").evidence
    before = dict(os.environ)
    ended = threading.Event()

    def look() -> list[str]:
        seen = []
        while not ended.is_set() or not seen:
            assert dict(os.environ) == before
            seen.append(releases.load("neighbour")("the chair was awful").label)
            releases.publish(model, evidence, "published")
        return seen

    with ThreadPoolExecutor(3) as pool:
        looking = pool.submit(look)
        fits = [pool.submit(quick(methods=methods).fit, TEXTS, LABELS) for methods in ("tfidf", "majority")]
        try:
            models = [fit.result() for fit in fits]
        finally:
            ended.set()
        seen = looking.result()
    assert set(seen) == {"-"}
    assert [one.version for one in releases.list_releases("published")] == list(range(1, len(seen) + 1))
    assert (models[0].predict(TEXTS) == LABELS).all()
    assert len(set(models[1].predict(TEXTS))) == 1
    assert "texts" not in releases.names()


def test_side_by_side_a_seed_gives_the_model_that_it_gives_alone(tiny_base: str) -> None:
    asked = {"methods": "full", "base": tiny_base}
    alone = quick(**asked).fit(TEXTS, LABELS).predict_proba(TEXTS)
    with ThreadPoolExecutor(2) as pool:
        fits = [pool.submit(quick(**asked, seed=seed).fit, TEXTS, LABELS) for seed in (0, 1)]
        together = [fit.result().predict_proba(TEXTS) for fit in fits]
    np.testing.assert_allclose(together[0], alone, atol=1e-6)
    assert not np.allclose(together[1], alone, atol=1e-3)


def test_fits_with_homes_of_their_own_go_on_side_by_side(
    tiny_base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each keeps its runs, releases and caches in its own home, and none looks at that of the variable."""
    monkeypatch.setenv("HAOQI_HOME", str(tmp_path / "usual"))
    asked = [{"methods": methods, "base": tiny_base, "name": "same"} for methods in ("full", "probe")]
    alone = [quick(**one, home=tmp_path / f"alone-{one['methods']}").fit(TEXTS, LABELS) for one in asked]
    begin = threading.Barrier(2)

    def fit(one: dict[str, Any]) -> TextClassifier:
        begin.wait()
        return quick(**one, home=tmp_path / one["methods"]).fit(TEXTS, LABELS)

    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(fit, asked))
    for one, model, single in zip(asked, together, alone, strict=True):
        home = tmp_path / one["methods"]
        np.testing.assert_allclose(model.predict_proba(TEXTS), single.predict_proba(TEXTS), atol=1e-6)
        assert (home / "cache" / "hardware.json").is_file()
        assert [release.facts["method"] for release in releases.list_releases("same", home=home)] == [one["methods"]]
        np.testing.assert_allclose(
            haoqi.predict("same", TEXTS, home=home).probabilities, model.predict_proba(TEXTS), atol=1e-4
        )
    assert not (tmp_path / "usual").exists()


def test_a_fit_without_a_name_shares_the_caches_of_its_home(tiny_base: str, tmp_path: Path) -> None:
    model = quick(methods="probe", base=tiny_base, home=tmp_path).fit(TEXTS, LABELS)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache"]
    assert set(model.predict(TEXTS).tolist()) <= {"+", "-"}
    assert clone(model).home == tmp_path
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_allclose(again.predict_proba(TEXTS), model.predict_proba(TEXTS), atol=1e-6)


def test_the_files_of_a_model_without_a_name_go_when_it_goes(tiny_base: str) -> None:
    model = quick(methods="probe", base=tiny_base).fit(TEXTS, LABELS)
    folder_of_base = model.model_.predictor.base.folder
    assert folder_of_base.is_dir()
    del model
    gc.collect()
    assert not folder_of_base.exists()


def test_it_works_in_processes_side_by_side() -> None:
    try:
        assert cross_val_score(quick(), TEXTS, LABELS, cv=2, n_jobs=2).min() > 0.8
    finally:
        get_reusable_executor().shutdown(wait=True)  # other tests look for processes that are left


def test_under_a_name_that_answers_with_other_labels_it_warns_and_does_not_take_its_place() -> None:
    quick(name="marks").fit(TEXTS, LABELS)
    with pytest.warns(UserWarning, match=r"New: bad, good\. Gone: \+, -\..*haoqi promote marks@2"):
        model = quick(name="marks").fit(TEXTS, ["good" if label == "+" else "bad" for label in LABELS])
    assert model.predict(["the chair was awful"]).tolist() == ["bad"]
    assert releases.load("marks")("the chair was awful").label == "-"


def test_labels_that_cannot_be_names_are_answered_all_the_same() -> None:
    odd = {"+": "nan", "-": "a|b"}
    model = quick().fit(TEXTS, [odd[label] for label in LABELS])
    assert model.predict(["the chair was awful"]).tolist() == ["a|b"]


def test_a_class_with_a_single_text_is_known_but_not_learnt() -> None:
    model = quick().fit([*TEXTS, "quite another thing"], [*LABELS, "rare"])
    assert model.classes_.tolist() == ["+", "-", "rare"]
    np.testing.assert_allclose(model.predict_proba(TEXTS).sum(axis=1), 1.0)
    assert "rare" not in model.predict([*TEXTS, "quite another thing"])


def test_half_an_emoji_in_texts_or_labels_is_learnt_and_answered() -> None:
    learnt = quick().fit([f"{text} \ud83d" for text in TEXTS], [f"{label}\udc00" for label in LABELS])
    assert learnt.predict(["the soup was lovely \ude00"]).tolist() == ["+\udc00"]


def test_relations_between_marked_stretches_are_learnt_and_answered_by_the_labels_given() -> None:
    people, firms = THINGS[:6], THINGS[6:]
    texts = [f"<e1>{a}</e1> {verb} <e2>{b}</e2>" for a in people for b in firms for verb in ("serves", "saw")]
    labels = ["serves(e1,e2)", "Other"] * (len(texts) // 2)
    model = quick(task="relations").fit(texts, labels)
    assert model.score(texts, labels) > 0.9
    # The other way round it is a relation that no label has: the likeliest of those that are.
    assert set(model.predict(["<e2>battery</e2> serves <e1>film</e1>"])) <= set(labels)
    assert model.predict_proba(texts[:3]).shape == (3, 2)
    assert np.allclose(model.predict_proba(texts[:3]).sum(axis=1), 1.0)
