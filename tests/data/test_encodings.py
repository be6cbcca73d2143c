"""The older encodings are told apart by what they decode to, and what cannot be told apart is said."""

from random import Random

import pytest

from haoqi.data.reading.decoding.encodings import Judged, judge, odd_share

TEXTS = {
    "ja": "配達が三日も遅れたうえに箱が壊れていた\nとても使いやすくて気に入っています\nカメラのボタンがすぐに取れた",
    "ko": "배송이 너무 늦고 상자가 찢어져 있었습니다\n가격도 좋고 아주 만족합니다\n화면이 자꾸 꺼져요",
    "zh": "这家酒店的房间很大，早餐一般\n服务员态度非常好，下次还会来\n电池两天就坏了",
    "zh-hant": "這家飯店的房間很大，早餐普通\n服務人員的態度非常好，下次還會來\n電池兩天就壞了",
    "ru": "Заказ пришёл с опозданием, коробка порвана\nОчень доволен покупкой, спасибо\nЭкран погас на второй день",
    "pl": "Zamówienie przyszło późno, a pudełko było zniszczone\nJestem bardzo zadowolony, dziękuję",
    "cs": "Objednávka přišla pozdě a krabice byla poškozená\nJsem velmi spokojený, děkuji",
    "de": "Die Lieferung kam verspätet, und die Schachtel war zerstört\nIch bin sehr glücklich, schöne Grüße",
    "fr": "La commande est arrivée très tard, la boîte était abîmée\nJe suis ravi, à bientôt",
    "el": "Η παραγγελία ήρθε αργά και το κουτί ήταν σκισμένο",
    "tr": "Sipariş çok geç geldi, kutu da yırtılmıştı\nÇok memnun kaldım, teşekkürler, ışığı da güzel",
    "he": "ההזמנה הגיעה מאוחר מאוד והקופסה היתה קרועה",
    "ar": "وصل الطلب متأخرا وكان الصندوق ممزقا جدا",
    "th": "สินค้ามาช้ามากและกล่องก็ขาด ไม่พอใจเลย",
}


def lines(text: str, encoding: str) -> list[bytes]:
    """Return the lines of a text in an encoding."""
    return text.encode(encoding).splitlines()


@pytest.mark.parametrize(
    ("language", "encoding", "told"),
    [
        ("ja", "cp932", "cp932"),
        ("ja", "shift_jis", "cp932"),
        ("ja", "euc_jp", "euc_jp"),
        ("ko", "euc_kr", "cp949"),
        ("ko", "cp949", "cp949"),
        ("zh", "gb18030", "gb18030"),
        ("zh-hant", "big5", "big5"),
        ("ru", "cp1251", "cp1251"),
        ("ru", "koi8-r", "koi8-r"),
        ("pl", "cp1250", "cp1250"),
        ("cs", "cp1250", "cp1250"),
        ("pl", "iso8859-2", "iso8859-2"),
        ("de", "cp1252", "cp1252"),
        ("fr", "cp1252", "cp1252"),
        ("fr", "mac-roman", "mac-roman"),
        ("el", "cp1253", "cp1253"),
        ("tr", "cp1254", "cp1254"),
        ("he", "cp1255", "cp1255"),
        ("ar", "cp1256", "cp1256"),
        ("th", "cp874", "cp874"),
    ],
)
def test_each_encoding_gives_its_text_back(language: str, encoding: str, told: str) -> None:
    found = judge(lines(TEXTS[language], encoding))
    assert found.encoding == told
    assert b"\n".join(lines(TEXTS[language], encoding)).decode(found.encoding) == TEXTS[language]


@pytest.mark.parametrize(
    ("language", "encoding"),
    [("ja", "cp932"), ("ja", "euc_jp"), ("ko", "cp949"), ("zh", "gb18030"), ("zh-hant", "big5"), ("ru", "cp1251")],
)
def test_some_hundred_bytes_leave_no_doubt(language: str, encoding: str) -> None:
    assert judge(lines(TEXTS[language] * 5, encoding)) == Judged(encoding)


@pytest.mark.parametrize("word", ["it’s great", "naïve café", "costs £20", "½ price", "jalapeño", "¿Qué?", "“so” – so"])
def test_one_odd_character_in_english_is_western(word: str) -> None:
    assert judge([f'"{word}",good'.encode("cp1252")]).encoding == "cp1252"


def test_words_in_katakana_alone_are_japanese() -> None:
    for encoding in ("cp932", "euc_jp"):
        assert judge(["テキスト".encode(encoding), "バージョン".encode(encoding)]).encoding == encoding


def test_too_little_to_tell_names_the_next_best_and_a_word_in_both() -> None:
    found = judge(["삭제".encode("cp949")])
    assert found.runner_up is not None
    assert {found.encoding, found.runner_up} & {"cp949"}
    assert found.words is not None
    assert "삭제" in found.words


def test_encodings_that_read_the_same_leave_no_doubt() -> None:
    assert judge(["die Größe und die Höhe".encode("cp1252")]).encoding == "cp1252"
    assert judge(lines(TEXTS["de"] * 5, "cp1252")).runner_up is None


def test_one_broken_line_among_many_does_not_change_the_encoding() -> None:
    for language, encoding in (("ja", "cp932"), ("ko", "cp949"), ("zh", "gb18030"), ("zh-hant", "big5")):
        whole = lines("\n".join([TEXTS[language]] * 10), encoding)
        assert judge([*whole[:7], b"\xff\xff\x80", *whole[7:]]).encoding == encoding
        assert judge([*whole[:-1], whole[-1] + whole[0][:1]]).encoding == encoding


def test_what_stands_so_in_no_text_is_odd() -> None:
    assert odd_share("Größe, naïve café – 5 €, “so”") == 0
    assert odd_share("plain") == 0
    assert odd_share("caf\ue000 \x81 \ufffd") == 1
    assert odd_share("GrцЯe") == 1
    assert odd_share("gr÷ssen vоn") == 1  # a sign within a word; a Cyrillic letter in a Latin one


def test_rare_encodings_are_looked_for_where_none_of_the_usual_explains_the_lines() -> None:
    assert judge(lines(TEXTS["el"] * 5, "mac_greek")) == Judged("mac-greek")
    assert judge(lines(TEXTS["ru"].replace("ё", "е") * 3, "cp855")) == Judged("cp855")
    assert judge(lines(TEXTS["ko"] * 3, "johab")) == Judged("johab")


def test_where_nothing_explains_the_lines_that_is_said() -> None:
    letters = Random(1)
    assert judge([bytes(letters.choices(range(0x80, 0x100), k=60)) for _ in range(9)]).weak
    assert not judge(lines(TEXTS["ko"] * 3, "cp949")).weak
