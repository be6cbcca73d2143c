"""Find the names in a text and say what each is: person, place, organisation, or what your labels say."""

from haoqi.data.examples import Span
from haoqi.evaluate.metrics.entity_f1 import entity_f1
from haoqi.evaluate.metrics.entity_macro_f1 import entity_macro_f1
from haoqi.evaluate.metrics.exact_match import exact_match
from haoqi.tasks import tasks
from haoqi.tasks.classify import meanings_of
from haoqi.tasks.outputs.spans import Spans
from haoqi.tasks.task import Task

MEANINGS = {
    **dict.fromkeys(("per", "person", "nr"), "name of a person"),
    **dict.fromkeys(("loc", "location", "ns"), "name of a place: a country, city, river or region"),
    **dict.fromkeys(("org", "organization", "organisation", "nt"), "name of an organisation"),
    "misc": "name of something else: a nationality, event, work or language",
    "gpe": "name of a country, city or state",
    "date": "a date or a stretch of time",
    "money": "an amount of money",
    "address": "an address or place name, 地址",
    "book": "title of a book, 书名",
    "company": "name of a company, 公司",
    "game": "name of a game, 游戏",
    "government": "name of a government body, 政府机构",
    "movie": "title of a film, 电影",
    "name": "name of a person, 姓名",
    "position": "a job or rank, 职位",
    "scene": "name of a sight or park, 景点",
}


@tasks.register
def entities(labels: tuple[str, ...] = ("LOC", "MISC", "ORG", "PER")) -> Task:
    """Find the names in a text and say what each is."""
    return Task(
        output=Spans(tuple(labels)),
        metrics=(entity_f1(), entity_macro_f1(), exact_match()),
        example=("Ann Lee flew to Oslo.", (Span(0, 7, "PER"), Span(16, 20, "LOC"))),
        descriptions=meanings_of(tuple(labels), MEANINGS),
    )
