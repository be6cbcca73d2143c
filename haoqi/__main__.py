"""The command line; an expected error is two plain lines, never a traceback."""

import gc
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from haoqi.core.errors import UserError

INTERRUPTED = 130
DEBUG = "--debug"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and leave with its exit code: 0, 2 for what a person can put right, 130 after Ctrl-C, else 1."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    before = given[: given.index("--")] if "--" in given else given
    debug = DEBUG in before or os.environ.get("HAOQI_DEBUG", "") not in ("", "0")
    if DEBUG in before:
        given.remove(DEBUG)
    code = _run(given or ["--help"], debug)
    gc.freeze()  # or all that torch has imported is looked through once more before the process ends: 0.3 s
    sys.exit(code)


def _run(arguments: list[str], debug: bool) -> int:
    try:
        code = _command(arguments, debug)
        sys.stdout.flush()
        return code
    except UserError as error:
        if debug:
            import traceback

            traceback.print_exc()
        return _tell(error)
    except KeyboardInterrupt:
        return _interrupted()
    except BrokenPipeError:
        # Whoever read the output has gone; nothing more may be written to it, not even when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        return _crashed(error, arguments, debug)


def _command(arguments: list[str], debug: bool) -> int:
    from haoqi.cli.answer_texts import answer_texts, plain_request

    if not debug:
        _hush()
    if asked := plain_request(arguments):
        name, texts, as_json = asked
        if texts:
            _spare_threads()
        answer_texts(name, texts, as_json=as_json)
        return 0
    return _read_by_typer(arguments)


def _read_by_typer(arguments: list[str]) -> int:
    from typer import Exit
    from typer.main import get_command

    from haoqi.cli.commands import app_for, without_words
    from haoqi.cli.usage import explained

    word = arguments[0]
    try:
        if len(arguments) == 1 and (command := without_words(word)):
            _spare_threads()
            command()
            return 0
        code = get_command(app_for(word)).main(arguments, prog_name="haoqi", standalone_mode=False)
    except Exit as ended:
        return int(ended.exit_code)
    except Exception as error:
        if hasattr(error, "format_message"):  # the words of the command are wrong
            raise explained(error, arguments) from None
        raise
    if code == INTERRUPTED:
        raise KeyboardInterrupt
    return code if isinstance(code, int) else 0


def _spare_threads() -> None:
    """Let NumPy start no threads of its own, which takes longer than what it has to compute for a few texts."""
    if "numpy" not in sys.modules:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def _hush() -> None:
    """Keep what libraries say to developers from a person's terminal."""
    import warnings

    warnings.simplefilter("ignore")
    for name, value in (("TRANSFORMERS_VERBOSITY", "error"), ("HF_HUB_DISABLE_PROGRESS_BARS", "1")):
        os.environ.setdefault(name, value)


def _tell(error: UserError) -> int:
    from haoqi.cli.words import translate, words

    hint = translate(error.hint) or words("error.usual")
    print(words("error", what=_one_line(translate(error.what))), file=sys.stderr)
    print(words("error.hint", hint=_one_line(hint)), file=sys.stderr)
    return 2


def _interrupted() -> int:
    from haoqi.cli.words import words

    print(words("error.stopped"), file=sys.stderr)
    return INTERRUPTED


def _crashed(error: Exception, arguments: list[str], debug: bool) -> int:
    """Say that the fault is ours, and where all of it is written."""
    import traceback

    from haoqi.cli.words import words

    inside = words("error.inside", kind=type(error).__name__, said=_one_line(str(error))[:300])
    print(words("error", what=inside), file=sys.stderr)
    if debug:
        traceback.print_exception(error)
        return 1
    text = f"haoqi {' '.join(arguments)}\nPython {sys.version}\n\n{''.join(traceback.format_exception(error))}"
    path = _kept(text)
    hint = words("error.kept", path=path) if path else words("error.unkept")
    print(words("error.hint", hint=hint), file=sys.stderr)
    return 1


def _kept(text: str) -> Path | None:
    from haoqi.core.folder import home, write_atomic

    path = home() / f"crash-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    try:
        write_atomic(path, text)
    except (UserError, OSError):
        return None
    return path


def _one_line(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    main()
