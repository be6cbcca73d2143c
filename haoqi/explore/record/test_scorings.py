"""How often a test split has been scored: after the first time it is no longer untouched."""

from pathlib import Path

from haoqi.explore.record.history import History
from haoqi.models.releases.releases import Release, list_releases


def count_scorings(name: str, content: str, history: History, *, home: Path | None = None) -> int:
    """Return how often the same test examples were scored for an earlier release of the same name.

    The ledger of the run knows those of the run, also where they were removed since; the releases those of other runs
    whose test split holds the same examples, as a given test file does.

    Args:
        name: of the release.
        content: of the test examples, as their evidence has it.
        history: of the run that is about to score them.
        home: the folder that holds releases/; None: HAOQI_HOME.
    """
    versions = {e.body["version"] for e in history.ledger.entries(history.run) if e.kind == "release"}
    versions |= {one.version for one in list_releases(name, home=home) if _is_of(one, content, history.run)}
    return len(versions)


def _is_of(release: Release, content: str, run: str) -> bool:
    """Return whether a release was scored on these examples; earlier versions of Haoqi tell only the run."""
    tested = release.evidence.get("test", {})
    if known := tested.get("content"):
        return bool(known == content)
    return bool(tested) and str(release.facts.get("origin", "")).startswith(f"{run}/")
