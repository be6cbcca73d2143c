"""The embedded multilingual base, trimmed for Chinese, where its package is installed."""

from pathlib import Path

import numpy as np
import pytest

from haoqi.data.examples import Examples
from haoqi.models.bases import bases, load_tokenizer, resolve
from haoqi.models.bases._packages import package_file
from haoqi.models.encoders.embedder import Embedder
from haoqi.models.predictors.embedding_linear import EmbeddingLinear
from haoqi.models.trim import trim

pytestmark = pytest.mark.slow

SEEN = (
    "这个酒店的房间很大，WIFI也很快。",
    "电池第二天就坏了，客服没有回复！",
    "屏幕太暗，不如iPhone 12。" + "这本书写得很好" * 50,
)
CHINESE = (
    "北京大学位于北京市海淀区，创建于1898年。",
    "央行宣布下调利率0.25%，股市随即上涨。",
    "繁體字與简体字：臺灣、龍、龟、𠮷😀①㎡",
    "ＦＵＬＬ，１２３。",
)
OTHERS = (
    "Это очень интересная книга.",
    "これはとても面白い映画です。",
    "한국 음식은 정말 맛있어요.",
    "यह फिल्म बहुत अच्छी है।",
    "Interest rates rose by a quarter; nobody cared.",
)


def test_a_chinese_release_is_small_and_reads_all_chinese_as_before(tmp_path: Path) -> None:
    if package_file(bases.build("multilingual"), tmp_path) is None:
        pytest.skip("haoqi bases get multilingual")
    base = resolve("multilingual", tmp_path)
    rng = np.random.default_rng(0)
    whole = EmbeddingLinear(Embedder(base), rng.normal(size=(384, 2)).astype(np.float32), np.zeros(2, np.float32))
    exact, (kept,) = trim.trim(whole, SEEN, tmp_path / "exact", half=False)
    assert kept.tokens < 0.15 * kept.whole
    assert isinstance(exact, EmbeddingLinear)
    before, after = load_tokenizer(base), load_tokenizer(exact.base)
    for text in (*SEEN, *CHINESE[:3]):
        assert after.encode(f"query: {text}").tokens == before.encode(f"query: {text}").tokens
    unknown = after.token_to_id("<unk>")
    for text in (*CHINESE, *OTHERS):
        assert after.encode(text).ids.count(unknown) == before.encode(text).ids.count(before.token_to_id("<unk>"))
    asked = Examples.of([*SEEN, *CHINESE[:3]])
    np.testing.assert_array_equal(exact.scores(asked), whole.scores(asked))
    _, (kept,) = trim.trim(whole, SEEN, tmp_path / "rounded", half=True)
    assert kept.rounded
    assert sum(path.stat().st_size for path in (tmp_path / "rounded").rglob("*") if path.is_file()) < 80_000_000
