import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array, hstack

from haoqi.models.lexical.sparse_rows import FEW, SparseRows, row_sums, side_by_side


@st.composite
def tables(draw: st.DrawFn, rows: int | None = None) -> SparseRows:
    shape = draw(st.integers(1, 12)) if rows is None else rows, draw(st.integers(1, 9))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    dense = rng.standard_normal(shape).astype(np.float32) * (rng.random(shape) < draw(st.sampled_from([0.0, 0.4, 1.0])))
    return SparseRows.of(csr_array(dense))


@given(table=tables(), labels=st.integers(1, 5), seed=st.integers(0, 100))
def test_few_rows_are_multiplied_to_the_last_bit_as_scipy_does(table: SparseRows, labels: int, seed: int) -> None:
    dense = np.random.default_rng(seed).standard_normal((table.shape[1], labels)).astype(np.float32)
    assert table.shape[0] <= FEW
    assert np.array_equal(table @ dense, table.csr @ dense)


def test_a_long_row_is_added_in_the_order_of_its_columns() -> None:
    rng = np.random.default_rng(0)
    data = rng.standard_normal(1000).astype(np.float32)
    table = SparseRows(data, np.arange(1000), np.array([0, 1000]), (1, 1000))
    for labels in (1, 2, 77):
        dense = rng.standard_normal((1000, labels)).astype(np.float32)
        assert np.array_equal(table @ dense, table.csr @ dense)


@given(data=st.data(), rows=st.integers(1, 8))
def test_tables_side_by_side_are_those_of_scipy(data: st.DataObject, rows: int) -> None:
    parts = [data.draw(tables(rows)) for _ in range(data.draw(st.integers(1, 3)))]
    found, right = side_by_side(parts), hstack([part.csr for part in parts], format="csr")
    assert (found.shape, found.indices.tolist()) == (right.shape, right.indices.tolist())
    assert np.array_equal(found.csr.toarray(), right.toarray())


@given(table=tables())
def test_sums_of_rows_are_those_of_the_dense_table(table: SparseRows) -> None:
    assert np.allclose(row_sums(table, table.data), table.csr.toarray().sum(axis=1), atol=1e-5)


def test_pairs_are_counted_row_by_row() -> None:
    found = SparseRows.counted(np.array([2, 0, 2, 2]), np.array([1, 0, 0, 1]), (4, 2))
    assert found.csr.toarray().tolist() == [[1, 0], [0, 0], [1, 2], [0, 0]]
