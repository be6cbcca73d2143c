"""Answer a question by a stretch of a context, or say that it holds no answer (SQuAD, CMRC, DRCD, TyDi)."""

from haoqi.data.examples import Span
from haoqi.evaluate.metrics.answer_exact_match import answer_exact_match
from haoqi.evaluate.metrics.answer_f1 import answer_f1
from haoqi.evaluate.metrics.no_answer_f1 import no_answer_f1
from haoqi.tasks import tasks
from haoqi.tasks.outputs.context_span import ContextSpan
from haoqi.tasks.task import Task


@tasks.register
def answers() -> Task:
    """Find the answer to a question in the text that comes with it, or say that it is not there."""
    return Task(
        output=ContextSpan(),
        metrics=(answer_f1(), answer_exact_match(), no_answer_f1()),
        example=(("Where did Ann fly?", "Ann Lee flew to Oslo."), (Span(16, 20, "Oslo"),)),
    )
