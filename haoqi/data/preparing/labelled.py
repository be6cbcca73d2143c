"""Labelled examples as they are, for scoring a model that is already there: not split, no duplicate left out."""

import numpy as np

from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.examples import Examples
from haoqi.data.preparing.duplicates.dedupe import UNLABELLED
from haoqi.data.preparing.label_reading import ReadLabel
from haoqi.data.preparing.rows import clean_rows, leave_out_unmarked, read_labels, start
from haoqi.data.raw import Raw
from haoqi.data.settings import DataSettings


def labelled(raw: Raw, read_label: ReadLabel, settings: DataSettings, *, marked: bool = False) -> Examples:
    """Return the labelled rows of a source, cleaned as they are for learning; unlabelled ones are left out.

    Args:
        raw: what `read` gave.
        read_label: from a raw label to a typed one; raises ValueError with the reason where it cannot.
        settings: how to clean, and how many bad rows to allow.
        marked: whether texts without two marked stretches are left out.

    Raises:
        UserError: if too many rows are bad, or none is labelled.
    """
    rows = read_labels(start(raw, settings, np.random.default_rng(0)), read_label, settings)
    rows = clean_rows(rows, settings, lambda stage, share: None)
    rows = leave_out_unmarked(rows, settings) if marked else rows
    kept = np.flatnonzero(rows.parts != UNLABELLED)
    if not len(kept):
        raise UserError(say("fault.no_row_labelled", source=rows.source), say("fault.no_row_labelled.hint"))
    return rows.examples.take(kept)
