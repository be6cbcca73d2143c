"""One copy of a base's weights in memory for all models that leave them as they are."""

import copy
from threading import Lock
from typing import Any
from weakref import WeakValueDictionary

from haoqi.models.bases._card import Base
from haoqi.models.bases._loading import lean_encoder

# Held as long as somebody reads with one of them.
_held: "WeakValueDictionary[str, Any]" = WeakValueDictionary()
_loading = Lock()


def shared_encoder(base: Base) -> Any:
    """Return what `lean_encoder` does, whose weights are the very same for all callers of a base at a time.

    The modules are the caller's own: they may be replaced, and get weights of their own in the place of these, which
    nobody writes into. They are read again once nobody holds them any more.

    Raises:
        UserError: if the files do not make a whole model.
    """
    with _loading:
        original = _held.get(base.fingerprint)
        if original is None:
            original = _held[base.fingerprint] = lean_encoder(base).requires_grad_(False)
        weights = {id(one): one for one in (*original.parameters(), *original.buffers())}
        found = copy.deepcopy(original, weights)
        found.held = (original,)  # in a tuple, or its weights would count twice
        return found
