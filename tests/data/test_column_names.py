import pytest

from haoqi.data.reading.tables.column_names import label_name, text_name, words_of


@pytest.mark.parametrize(
    "name", ["reviewText", "Review Text", "Nachricht", "Descripción", "用户反馈", "本文", "내용", "текст"]
)
def test_usual_names_of_texts_are_known_in_several_languages(name: str) -> None:
    assert text_name(name) >= 0.8
    assert label_name(name) < 0.3


@pytest.mark.parametrize(
    "name", ["Kategorie", "catégorie", "Etiqueta", "一级分类", "類別", "カテゴリ", "분류", "Duygu", "nhãn"]
)
def test_usual_names_of_labels_are_known_in_several_languages(name: str) -> None:
    assert label_name(name) > 0.6
    assert text_name(name) < 0


@pytest.mark.parametrize("name", ["城市", "ville", "都道府県", "Quelle", "predicted_label", "label.suggestion"])
def test_places_sources_and_what_models_said_are_neither_text_nor_label(name: str) -> None:
    assert label_name(name) == -1.0


def test_gold_labels_go_before_a_genre_and_texts_before_their_headings() -> None:
    assert label_name("label") > label_name("gold_label") > label_name("genre")
    assert text_name("Review Text") > text_name("Title") > text_name("Titel")


def test_names_without_spaces_are_cut_at_usual_names() -> None:
    assert words_of("2、您的问题类型") == ["2", "您的", "问题", "类型"]
    assert words_of("情绪") == ["情绪"]
