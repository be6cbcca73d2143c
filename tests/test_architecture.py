"""The ratchet: what keeps the house small, named and light. Limits only go down."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "haoqi"

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60  # docstring apart, as in both limits on functions
USUAL_FUNCTION_LINES = 30
MAX_SHARE_OF_LONGER_FUNCTIONS = 0.05
MAX_POSITIONAL_PARAMETERS = 4

NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "handler", "base"}
HEAVY = ("torch", "transformers", "pandas", "sklearn", "scipy", "sqlalchemy", "pyarrow", "matplotlib", "optuna", "peft")

# Folders whose plug-ins are somebody's idea: they say whose, and when to prefer it.
CITED = {"methods", "recipes", "strategies", "queries", "penalties"}
SOURCE = re.compile(r"\b(19|20)\d\d\b")

# Spelt in pieces, so that this file does not find itself.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b")
ONE_MACHINE = re.compile(r"(?<![\w./])/((work|tmp|root|opt|Users)/\w|home/\w\w)")
HOSTS = re.compile(r"\b(py" r"pi\.org|python" r"hosted\.org|download\.py" r"torch\.org)")

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef


def sources(folder: Path = PACKAGE) -> list[Path]:
    """Return the Python files below a folder, sorted."""
    return sorted(folder.rglob("*.py"))


def place(path: Path, node: ast.AST | None = None) -> str:
    """Return where something is, as an editor understands it."""
    line = f":{node.lineno}" if isinstance(node, Definition) else ""
    name = f" {node.name}" if isinstance(node, Definition) else ""
    return f"{path.relative_to(ROOT)}{line}{name}"


def functions(path: Path) -> Iterator[Function]:
    """Yield every function and method of a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, Function):
            yield node


def body_lines(function: Function) -> int:
    """Return how many lines a function has, its docstring apart."""
    first, *_ = function.body
    assert function.end_lineno is not None
    length = function.end_lineno - function.lineno + 1
    if ast.get_docstring(function) is not None:
        assert first.end_lineno is not None
        length -= first.end_lineno - first.lineno + 1
    return length


def positional(function: Function) -> int:
    """Return how many arguments may be given by position, self and cls apart."""
    names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    return len(names) - (names[:1] in (["self"], ["cls"]))


def is_plugin(node: Definition) -> bool:
    """Return whether a definition is registered, so that its module's docstring speaks for it."""
    return any(isinstance(one, ast.Attribute) and one.attr == "register" for one in node.decorator_list)


def test_files_stay_short() -> None:
    lengths = {place(path): len(path.read_text(encoding="utf-8").splitlines()) for path in sources()}
    assert {where: length for where, length in lengths.items() if length > MAX_FILE_LINES} == {}


def test_functions_stay_short() -> None:
    lengths = {place(path, one): body_lines(one) for path in sources() for one in functions(path)}
    longer = {where: length for where, length in lengths.items() if length > USUAL_FUNCTION_LINES}
    assert {where: length for where, length in longer.items() if length > MAX_FUNCTION_LINES} == {}
    assert len(longer) <= MAX_SHARE_OF_LONGER_FUNCTIONS * len(lengths), longer


def test_functions_take_few_positional_parameters() -> None:
    counts = {place(path, one): positional(one) for path in sources() for one in functions(path)}
    assert {where: count for where, count in counts.items() if count > MAX_POSITIONAL_PARAMETERS} == {}


def test_names_of_files_say_what_is_inside() -> None:
    named = [path for path in (*sources(), *PACKAGE.rglob("*/")) if path.stem.strip("_") in NAMES_THAT_SAY_NOTHING]
    assert [place(path) for path in named] == []


def test_every_room_says_what_it_is() -> None:
    rooms = [path for path in PACKAGE.rglob("__init__.py") if "__pycache__" not in path.parts]
    assert [place(path) for path in rooms if not ast.get_docstring(ast.parse(path.read_text("utf-8")))] == []


def test_files_that_pages_name_are_there() -> None:
    """A path from the checkout is there; any other is part of the path of a file in the page's room."""
    below = [f"/{one.relative_to(PACKAGE)}" for one in sources()]
    missing = []
    for page in (*(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "rooms").glob("*.md")):
        written = re.sub(r"(<!-- \w+ of \S+ -->).*?<!-- end -->", r"\1", page.read_text("utf-8"), flags=re.DOTALL)
        named = re.findall(r"`([\w./]+(?:\.py|/))`", written) + re.findall(r"<!-- \w+ of (\S+) -->", written)
        room = f"/{page.stem.replace('-', '/')}/" if page.parent.name == "rooms" else "/"
        for path in named:
            if not (ROOT / path).exists() and not any(one.startswith(room) and f"/{path}" in one for one in below):
                missing.append(f"{page.relative_to(ROOT)} {path}")
    assert missing == []


def test_public_names_have_a_docstring() -> None:
    bare = []
    for path in sources():
        module = ast.parse(path.read_text(encoding="utf-8"))
        for node in module.body:
            if not isinstance(node, Definition) or node.name.startswith("_") or ast.get_docstring(node):
                continue
            if not (is_plugin(node) and ast.get_docstring(module)):
                bare.append(place(path, node))
    assert bare == []


def test_every_plugin_says_what_it_is_and_where_it_comes_from() -> None:
    silent, uncited = [], []
    for path in sources():
        module = ast.parse(path.read_text(encoding="utf-8"))
        if not any(isinstance(node, Definition) and is_plugin(node) for node in module.body):
            continue
        words = ast.get_docstring(module) or ""
        if not words:
            silent.append(place(path))
        if path.parent.name in CITED and not (SOURCE.search(words) and "prefer" in words.lower()):
            uncited.append(place(path))
    assert (silent, uncited) == ([], [])


def test_tests_mirror_the_package() -> None:
    """A test file begins with the name of a file or folder of its room, so that either is found from the other."""
    strays = []
    for path in sources(ROOT / "tests"):
        room = path.parent.relative_to(ROOT / "tests")
        if path.name.startswith("test_") and path.parent.name not in {"tests", "contracts"}:
            word = path.stem.removeprefix("test_")
            files = (*(PACKAGE / room).rglob("*"), *PACKAGE.glob("*.py"))  # the door and the spine are tested in rooms
            found = {one.stem.strip("_") for one in files if "__pycache__" not in one.parts}
            if not any(word == one or word.startswith(f"{one}_") for one in found | {room.name}):
                strays.append(place(path))
    assert strays == []


def test_every_module_of_the_search_has_a_test_file_of_its_name() -> None:
    """Plug-ins are tested by their contracts; a module that holds data and no function has nothing that could fail."""
    tested = {path.stem.removeprefix("test_") for path in sources(ROOT / "tests" / "explore")}
    missing = []
    for path in sources(PACKAGE / "explore"):
        if path.stem.startswith("_") or path.parent.name in {"reflections", "next_steps", "strategies"}:
            continue
        named = any(one == path.stem or one.startswith(f"{path.stem}_") for one in tested)
        if not named and any(functions(path)):
            missing.append(place(path))
    assert missing == []


def test_functions_say_what_they_return() -> None:
    assert [place(path, one) for path in sources() for one in functions(path) if one.returns is None] == []


def test_nothing_is_left_unfinished_or_tied_to_one_machine() -> None:
    folders = (folder for name in ("haoqi", "tests", "docs", "bench", "scripts", ".ci") for folder in (ROOT / name,))
    below = [path for folder in folders if folder.exists() for path in folder.rglob("*") if path.is_file()]
    texts = [path for path in below if path.suffix in {".py", ".md", ".yaml", ".toml", ".html", ".css", ".js", ""}]
    top = [path for path in ROOT.iterdir() if path.suffix in {".md", ".toml", ".txt"} or path.name == "Makefile"]
    found = []
    for path in (*texts, *top):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if any(pattern.search(line) for pattern in (UNFINISHED, ONE_MACHINE, HOSTS)):
                found.append(f"{path.relative_to(ROOT)}:{number} {line.strip()}")
    assert found == []


def loaded_by(code: str) -> set[str]:
    """Return which heavy libraries a fresh interpreter has loaded after some code."""
    ending = f"\nprint('LOADED', *[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", f"import sys\n{code}{ending}"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split()[1:])


def test_importing_haoqi_loads_nothing_heavy() -> None:
    assert loaded_by("import haoqi\ndir(haoqi)") == set()


@pytest.mark.parametrize("words", ["--help", "improve --help", "predict --help", "releases", "methods", "tasks"])
def test_the_command_line_answers_without_anything_heavy(words: str) -> None:
    code = f"from haoqi.__main__ import main\nsys.argv = ['haoqi', *{words.split()!r}]\n"
    assert loaded_by(code + "try: main()\nexcept SystemExit as end: assert not end.code, end.code") == set()


@pytest.fixture(scope="module")
def released(tiny_base: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a home with releases: of n-grams, of a base alone and by ONNX Runtime, of token vectors, and of trees."""
    import numpy as np

    from haoqi import tasks
    from haoqi.core.hardware import Hardware
    from haoqi.data.examples import Examples
    from haoqi.models.bases import load_tokenizer, resolve
    from haoqi.models.compile import timing
    from haoqi.models.compile.form import forms
    from haoqi.models.encoders.embedder import Embedder
    from haoqi.models.encoders.model_input import Reader
    from haoqi.models.encoders.static_embedder import StaticEmbedder
    from haoqi.models.lexical.ngrams import learn_ngrams
    from haoqi.models.model import Model
    from haoqi.models.networks.token_network import Shape, TokenNetwork
    from haoqi.models.predictors.embedding_linear import EmbeddingLinear
    from haoqi.models.predictors.sparse_linear import SparseLinear, Terms
    from haoqi.models.predictors.static_linear import StaticLinear
    from haoqi.models.predictors.token_network import TokenNetworkPredictor
    from haoqi.models.predictors.tree_ensemble import TreeEnsemble
    from haoqi.models.releases import releases
    from haoqi.models.trees import Trees

    home, texts = tmp_path_factory.mktemp("home"), ["the bank of the planet", "the film of the match"] * 4
    ngrams, _ = learn_ngrams(texts, "word", (1, 2))
    rng = np.random.default_rng(0)
    wide, narrow = (rng.normal(size=(rows, 2)).astype(np.float32) for rows in (ngrams.width, 8))
    zeros = np.zeros(2, np.float32)
    base = resolve(tiny_base, home / "cache")
    embedder, tokenizer = Embedder(base), load_tokenizer(base)
    vectors = rng.normal(size=(tokenizer.get_vocab_size(), 8))
    terms = (Terms(ngrams, np.ones(ngrams.width, np.float32)),)
    network = TokenNetwork(Shape("convolutions", len(vectors), 8, 4, 2)).eval()
    predictors = {
        "words": SparseLinear(terms, wide, zeros),
        "static": StaticLinear(StaticEmbedder(tokenizer, vectors.astype(np.float16)), narrow, zeros),
        "trees": TreeEnsemble(ngrams, Trees.join([]), "sum", 2),
        "network": TokenNetworkPredictor.of(network, Reader(tokenizer, 64), "tiny"),
        "base": EmbeddingLinear(embedder, narrow, zeros),
        "compiled": EmbeddingLinear(embedder, narrow, zeros),
    }
    task = tasks.build("topic", ("sport", "tech"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HAOQI_HOME", str(home))
        patch.setattr("haoqi.core.hardware.probe", lambda cache, again=True: Hardware(1, 1 << 30, None, 10.0, 1.0))
        patch.setattr(forms, "names", lambda: ["onnx"])
        patch.setattr(timing, "measure_seconds", lambda predictor, asked: 0.1 if predictor.embedder.compute else 1.0)
        for name, predictor in predictors.items():
            releases.publish(Model(task, predictor, facts={"cleaned": True}), {}, name)
        examples = Examples.of(texts, list(releases.load("compiled").predict(texts).labels))
        assert releases.compile("compiled", examples).chosen == "onnx"
        yield home


LOADED = {"words": set(), "compiled": set(), "static": set(), "trees": set(), "base": {"torch"}, "network": {"torch"}}


@pytest.mark.parametrize(("name", "heavy"), LOADED.items())
@pytest.mark.parametrize("also", [[], ["--json"], ["a second text"]])
def test_an_answer_loads_only_what_computes_it(name: str, heavy: set[str], also: list[str], released: Path) -> None:
    code = f"from haoqi.__main__ import main\nsys.argv = ['haoqi', 'predict', {name!r}, 'the bank', *{also!r}]\n"
    assert loaded_by(code + "try: main()\nexcept SystemExit as end: assert not end.code, end.code") == heavy


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_the_tree_in_the_readme_is_the_tree_on_disk(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    tree = re.search(r"```\nhaoqi/.*?\n(.*?)```", text, re.DOTALL)
    assert tree is not None
    told = set(re.findall(r"^  ([a-z_.]+/?) ", tree.group(1), re.MULTILINE))
    folders = {f"{path.name}/" for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    files = {path.name for path in PACKAGE.glob("*.py")}
    assert told == folders | files
