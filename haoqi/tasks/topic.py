"""Say what a text is about."""

from haoqi.evaluate.metrics.accuracy import accuracy
from haoqi.evaluate.metrics.macro_f1 import macro_f1
from haoqi.tasks import tasks
from haoqi.tasks.classify import classify_text
from haoqi.tasks.task import Task

MEANINGS = {
    "business": "business, companies, markets, economy and finance",
    "culture": "culture, art, books and history",
    "economy": "economy, trade, prices and jobs",
    "education": "education, schools, universities and examinations",
    "entertainment": "entertainment, film, music, television and celebrities",
    "finance": "finance, stocks, banks and investment",
    "health": "health, medicine and disease",
    "politics": "politics, elections, parties and government",
    "science": "science, research and discoveries",
    "sci/tech": "science and technology, computers, software and the internet",
    "sport": "sport, matches, players and clubs",
    "sports": "sports, matches, players and clubs",
    "tech": "technology, computers, software, phones and the internet",
    "technology": "technology, computers, software, phones and the internet",
    "travel": "travel, tourism, hotels and flights",
    "world": "world news, international affairs, conflicts and diplomacy",
    "体育": "体育：比赛、球队、运动员",
    "健康": "健康：医疗、疾病、养生",
    "军事": "军事：军队、武器、国防",
    "农业": "农业：种植、养殖、农村",
    "国际": "国际：外交、各国新闻",
    "娱乐": "娱乐：明星、电影、电视、音乐",
    "房产": "房产：楼市、房价、买房租房",
    "政治": "政治：政府、选举、政策",
    "教育": "教育：学校、考试、招生",
    "文化": "文化：历史、艺术、书籍",
    "旅游": "旅游：景点、酒店、出行",
    "汽车": "汽车：车型、驾驶、车市",
    "游戏": "游戏：电子游戏、玩家、电竞",
    "科技": "科技：互联网、手机、软件、科学",
    "股票": "股票：股市、行情、投资",
    "财经": "财经：经济、公司、市场、金融",
}


@tasks.register
def topic(labels: tuple[str, ...] = ("business", "entertainment", "politics", "sport", "tech")) -> Task:
    """Say what a text is about."""
    return classify_text(
        labels,
        metrics=(macro_f1, accuracy),
        example=("The striker scored twice in the second half.", "sport"),
        meanings=MEANINGS,
    )
