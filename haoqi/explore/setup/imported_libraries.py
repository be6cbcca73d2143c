"""Which libraries this process has yet to import, since the first plan that needs one takes longer."""

import sys

LIBRARIES = {"scipy": "scipy.optimize", "pandas": "pandas", "sklearn": "sklearn", "transformers": "transformers"}
"""What takes long to import, by its field of `Load`, with the module that shows whether it was."""

NEEDED_BY_ALL = "scipy"
"""Every plan's figures are computed with it."""


def find_not_imported() -> frozenset[str]:
    """Return which of the libraries this process has yet to import."""
    return frozenset(name for name, module in LIBRARIES.items() if module not in sys.modules)
