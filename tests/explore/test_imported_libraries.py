"""Which libraries the first plan still has to import."""

import sys

import pytest

from haoqi.explore.setup.imported_libraries import LIBRARIES, NEEDED_BY_ALL, find_not_imported
from haoqi.methods.work import KINDS


def test_a_library_is_missing_until_its_module_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, module in LIBRARIES.items():
        monkeypatch.setitem(sys.modules, module, sys)
        assert name not in find_not_imported()
        monkeypatch.delitem(sys.modules, module)
        assert name in find_not_imported()


def test_every_library_is_a_kind_of_load_that_has_its_price() -> None:
    assert set(LIBRARIES) <= set(KINDS)
    assert NEEDED_BY_ALL in LIBRARIES
