"""Personal data is found by its own check digits, not by its looks alone."""

import pytest

from haoqi.data.preparing.mask import count, find, mask


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("write to jo.smith+x@mail.example.org today", "write to [email] today"),
        ("see https://example.org/a?b=c, or www.example.org", "see [url] or [url]"),
        ("看https://t.cn/abc，很好", "看[url]，很好"),
        ("server 192.168.10.254 is down", "server [ip] is down"),
        ("version 1.2.3 and 300.1.1.1", "version 1.2.3 and 300.1.1.1"),
        ("我的身份证是11010519491231002X。", "我的身份证是[id_card]。"),
        ("not one: 110105194912310021", "not one: 110105194912310021"),
        ("card 4111 1111 1111 1111 expires", "card [card] expires"),
        ("amex 3782-822463-10005", "amex [card]"),
        ("not one: 4111 1111 1111 1112", "not one: 4111 1111 1111 1112"),
        ("电话13800138000或010-12345678", "电话[phone]或[phone]"),
        ("call +44 171 542 7658 or (800) 428-4322", "call [phone] or [phone]"),
        ("the score was 21 15 0 6 2151 1673", "the score was 21 15 0 6 2151 1673"),
        ("in 1996-08-22 they sold 1,234,567", "in 1996-08-22 they sold 1,234,567"),
    ],
)
def test_each_kind_is_masked_and_likenesses_are_not(text: str, expected: str) -> None:
    assert mask(text) == expected


def test_places_are_those_of_the_text() -> None:
    text = "mail jo@example.org or call 13800138000"
    assert [(kind, text[start:end]) for kind, start, end in find(text)] == [
        ("email", "jo@example.org"),
        ("phone", "13800138000"),
    ]


def test_texts_are_counted_not_pieces() -> None:
    assert count(["a@b.cd and c@d.ef", "x@y.zz", "nothing"]) == {"email": 2}
