"""Which column is the text, which the label: as said, or guessed with the reason and the runners-up told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from math import log1p
from typing import Any

from haoqi.core.errors import UserError
from haoqi.core.say import joined, say
from haoqi.data.reading.tables.column_kinds import Column, look_at
from haoqi.data.reading.tables.column_names import TEXTS, cut_names, join_names, label_name, second_of, text_name
from haoqi.data.reading.tables.label_columns import Choice, choose_label
from haoqi.data.reading.tables.row_overlap import are_pairs
from haoqi.data.settings import DataSettings

ROLES = ("text", "pair", "context", "label", "group", "time")
# A runner-up with this share of the best one's score is about as likely.
CLOSE = 0.8


class MissingColumnError(UserError):
    """A column that was named is not there; `roles` says for what it was named."""

    roles: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Roles:
    """The columns chosen, by what they are for; a text or a label may be made of several."""

    columns: Mapping[str, tuple[str, ...]]
    why: Mapping[str, str] = field(default_factory=dict)
    """Role to the reason for the choice."""
    runners_up: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Role to the other columns that could be it, the likeliest first."""
    unsure: tuple[str, ...] = ()
    """Roles for which the first runner-up is about as likely."""
    left_out: tuple[str, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)
    """Column to what its cells are, in words."""
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def one(self, role: str) -> str | None:
        """Return the first column of a role, None where it has none."""
        return next(iter(self.columns.get(role, ())), None)

    def named(self) -> dict[str, str]:
        """Return the roles that have a column, as a person would say them."""
        return {role: join_names(self.columns[role]) for role in ROLES if self.columns.get(role)}


def choose_roles(
    name: str, columns: Mapping[str, Sequence[Any]], settings: DataSettings, labelled: bool = True
) -> Roles:
    """Return which column plays which role; what a person named is taken as said.

    Args:
        name: what a person calls the source, for errors.
        columns: the cells, by column.
        settings: the columns that a person named.
        labelled: whether a label column is needed.

    Raises:
        UserError: if a named column is missing, or text or label cannot be told.
    """
    said = said_columns(name, list(columns), settings, labelled)
    looks = {column: look_at(column, cells) for column, cells in columns.items()}
    return choose_among(name, columns, looks, said, labelled=labelled)


def said_columns(
    name: str, columns: Sequence[str], settings: DataSettings, labelled: bool = True
) -> dict[str, tuple[str, ...]]:
    """Return the columns that a person named, by role.

    A number names a column by its place, from 1, where none is called so.

    Raises:
        UserError: if one is not there; the nearest right flags are offered.
    """
    found: dict[str, tuple[str, ...]] = {}
    missing: dict[str, str] = {}
    for role in ROLES:
        said = getattr(settings, role)
        if not said or (role == "label" and not labelled and not _find(said, columns)):
            continue
        places = _find(said, columns)
        if places:
            found[role] = places
        else:
            missing[role] = next((one for one in cut_names(said) if not _find(one, columns)), said)
    if missing:
        raise _no_column(name, columns, missing, taken={one for few in found.values() for one in few})
    return found


def _find(said: str, columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of a flag; none where any of them is not there."""
    if said in columns:
        return (said,)
    found = []
    for one in cut_names(said):
        place = int(one) if one.isdecimal() and len(one) < 6 else 0
        if one in columns:
            found.append(one)
        elif 0 < place <= len(columns):
            found.append(columns[place - 1])
        else:
            return ()
    return tuple(found)


def _no_column(name: str, columns: Sequence[str], missing: dict[str, str], taken: set[str]) -> MissingColumnError:
    lower = {column.lower(): column for column in columns}
    free = [column for column in columns if column not in taken]
    flags = []
    for role, said in missing.items():
        near = get_close_matches(said.lower(), list(lower), n=1)
        best = lower[near[0]] if near else _likely(role, free)
        free = [column for column in free if column != best]
        flags.append(f"--{role} {_quoted(best) if best else said.upper()}")
    wanted = ", ".join(sorted(set(missing.values())))
    error = MissingColumnError(
        say("fault.no_column", name=name, wanted=wanted, names=", ".join(columns)),
        say("fault.no_column.hint", names=" ".join(flags)),
    )
    error.roles = frozenset(missing)
    return error


def _likely(role: str, free: Sequence[str]) -> str | None:
    score = text_name if role == "text" else label_name
    return max(free, key=score, default=None)


def _quoted(column: str) -> str:
    return f'"{column}"' if " " in column else column


def choose_among(
    name: str,
    columns: Mapping[str, Sequence[Any]],
    looks: Mapping[str, Column],
    said: Mapping[str, tuple[str, ...]],
    *,
    labelled: bool = True,
) -> Roles:
    """Return what `choose_roles` does, of columns that were looked at.

    Raises:
        UserError: if text or label cannot be told.
    """
    found = dict(said)
    why: dict[str, str] = {role: say("data.as_said") for role in said}
    others, close = dict[str, tuple[str, ...]](), list[str]()
    taken = {column for few in said.values() for column in few}
    label: Choice | None = None
    if labelled and "label" not in said:
        # A column that can only be the label is never the text, so the label is looked for first.
        label = choose_label(name, columns, looks, taken=taken, text_known="text" in said)
        if label is not None:
            taken |= set(label.columns)
    if "text" not in said:
        text = _of_two_texts(_choose_text(name, looks, taken), columns, looks)
        found["text"], why["text"], others["text"] = text.columns[:1], text.why, text.others
        if text.columns[1:] and "pair" in said:
            found["text"] = tuple(column for column in text.columns if column not in said["pair"])
        elif text.columns[1:]:
            found["pair"], why["pair"] = text.columns[1:], text.why
        close += ["text"] if text.close else []
        taken |= set(text.columns)
    if labelled and "label" not in said:
        if label is None:
            label = choose_label(name, columns, looks, taken=taken, text_known=True)
        if label is None:
            raise _no_label(name, looks, found["text"])
        found["label"], why["label"], others["label"] = label.columns, label.why, label.others
        close += ["label"] if label.close else []
    used = {column for few in found.values() for column in few}
    left = tuple(column for column in looks if column not in used)
    return Roles(
        found,
        why,
        {role: few for role, few in others.items() if few},
        tuple(close),
        left,
        {column: kind_said(look) for column, look in looks.items()},
        notes=_second_texts(looks, found, others.get("text", ()), left),
    )


def _choose_text(name: str, looks: Mapping[str, Column], taken: set[str]) -> Choice:
    """Return the free text with the best name and the longest, most varied cells; two columns where names say so."""
    scores = {
        column: score for column, look in looks.items() if column not in taken and (score := text_score(look)) > 0
    }
    # A heading is the text only where no column is called like the text below it.
    usual = {c: 2 if text_name(c) == 1.0 else 1 for c in scores if text_name(c) >= 0.8 and looks[c].share_filled > 0.5}
    ranked = sorted(scores, key=lambda column: (usual.get(column, 0), scores[column]), reverse=True)
    if not ranked:
        raise _no_text(name, looks, taken)
    best = _below_heading(ranked, looks)
    rest = tuple(column for column in ranked if column != best and scores[column] > 0.3 * scores[best])
    second = second_of(best, [c for c in looks if c not in taken and text_score(looks[c]) > 0])
    first = next((c for c in ranked if second_of(c, list(looks)) == best), None)
    if first is not None and second is None:
        best, second = first, best
    if second is not None and second != best:
        others = tuple(column for column in rest if column not in (best, second))
        return Choice((best, second), say("column.two_texts"), others)
    length = looks[best].length
    why = say("column.free_text_usual", length=length) if best in usual else say("column.free_text", length=length)
    return Choice((best,), why, rest, _is_close(best, rest, looks, scores))


def _of_two_texts(text: Choice, columns: Mapping[str, Sequence[Any]], looks: Mapping[str, Column]) -> Choice:
    """Return both of two columns of free text where neither has a name and the texts of a row share words."""
    rivals = [column for column in text.others if looks[column].kind == "text" and not looks[column].repeats]
    if len(text.columns) != 1 or len(rivals) != 1 or looks[text.columns[0]].repeats:
        return text
    both = tuple(column for column in columns if column in (text.columns[0], rivals[0]))
    if not all(column.isdecimal() for column in both) or not are_pairs(*(columns[column] for column in both)):
        return text
    rest = tuple(column for column in text.others if column not in both)
    first = both[0]
    return Choice(both, say("column.texts_alike", first=first, both=join_names(both)), rest)


def _below_heading(ranked: Sequence[str], looks: Mapping[str, Column]) -> str:
    """Return the likeliest text; where that is a heading, the much longer text that stands below it."""
    best = ranked[0]
    if text_name(best) != 0.9:
        return best
    bodies = [column for column in ranked if looks[column].length > 3 * looks[best].length]
    return max(bodies, key=lambda column: looks[column].length * looks[column].share_filled, default=best)


def _is_close(best: str, rest: Sequence[str], looks: Mapping[str, Column], scores: Mapping[str, float]) -> bool:
    """Return whether the next best text is about as likely, or is what stands below a heading."""
    if not rest:
        return False
    if text_name(best) == 0.9 and any(looks[other].length > 2 * looks[best].length for other in rest):
        return True
    if text_name(best) < 0.5 and any(text_name(other) == 0.9 for other in rest):
        return True
    if best.strip().lower() == TEXTS[0]:
        return False
    named, next_named = text_name(best), text_name(rest[0])
    heading = 0.9 in (named, next_named) and min(named, next_named) >= 0.8
    alike = heading or named == next_named or max(named, next_named) < 0.8
    return alike and scores[rest[0]] >= CLOSE * scores[best]


def text_score(look: Column) -> float:
    """Return how likely a column holds the texts: 0 where it cannot."""
    named = text_name(look.name)
    short = look.kind == "name" and (named >= 0.8 or look.distinct > 0.5 * look.looked_at > 10)
    told = look.kind == "identifier" and named >= 0.8  # "order 12" where the column is called text
    if look.kind not in ("text", "words") and not short and not told:
        return 0.0
    varied = look.distinct / max(1, look.looked_at)
    few = named <= 0 and varied < 0.1 and look.words < 4
    if look.distinct < 2 <= look.looked_at or named <= -1.0 or look.binary or few:
        return 0.0
    by_name = {1.0: 3.0, 0.9: 3.0, 0.8: 2.2, 0.5: 1.5, 0.0: 1.0}.get(named, 0.3)
    content: float = log1p(min(look.length, 500.0)) * varied**0.5 * look.share_filled**0.5
    return content * by_name * (0.2 if look.repeats else 1.0)


def _no_text(name: str, looks: Mapping[str, Column], taken: set[str]) -> UserError:
    empty = [column for column in looks if text_name(column) >= 0.9 and looks[column].kind == "empty"]
    if empty:
        return UserError(say("fault.empty_text", empty=empty[0], name=name), say("fault.empty_text.hint"))
    same = [column for column in looks if text_name(column) == 1.0 and looks[column].distinct == 1]
    if same:
        return UserError(say("fault.same_text", column=same[0], name=name), say("fault.same_text.hint"))
    kinds = _kinds_of(looks)
    return UserError(
        say("fault.no_text", name=name, kinds=kinds),
        say("fault.no_text.hint"),
    )


def _no_label(name: str, looks: Mapping[str, Column], text: Sequence[str]) -> UserError:
    rest = {column: look for column, look in looks.items() if column not in text}
    if not rest:
        return UserError(
            say("fault.no_label_column", name=name, names=", ".join(looks)),
            say("fault.no_label_column.hint"),
        )
    kinds = _kinds_of(rest)
    hint = say("fault.no_label.hint")
    if any(look.kind in ("text", "words") and not look.repeats for look in rest.values()):
        hint = say("fault.no_label.hint_writing")
    return UserError(say("fault.no_label", name=name, kinds=kinds), hint)


def _second_texts(
    looks: Mapping[str, Column], found: Mapping[str, tuple[str, ...]], others: Sequence[str], left: Sequence[str]
) -> tuple[str, ...]:
    """Return a sentence on further columns of free text that are not learnt from."""
    free = [c for c in (*others, *left) if c in left and looks[c].kind in ("text", "words") and not looks[c].repeats]
    free = [c for c in dict.fromkeys(free) if looks[c].share_filled > 0.3 and text_name(c) > -1.0]
    if not free or "text" not in found:
        return ()
    both = _quoted(join_names([*found["text"], free[0]]))
    first, second = sorted((found["text"][0], free[0]), key=list(looks).index)
    two = f"--text {_quoted(first)} --pair {_quoted(second)}"
    facts = {"listed": ", ".join(free[:4]), "both": both, "two": two}
    return (say("column.second_text", **facts) if len(free) == 1 else say("column.second_texts", **facts),)


def kind_said(look: Column) -> str:
    """Return what the cells of a column are, in words."""
    return say(f"holds.{look.kind}")


def _kinds_of(looks: Mapping[str, Column]) -> str:
    told = [say("column.of_kind", column=column, kind=kind_said(look)) for column, look in list(looks.items())[:12]]
    return joined(told)
