"""Words that columns are called by, in the languages that files come in: of texts, of labels, of what is neither."""

TEXTS = """text texts sentence content review comment message body utterance query question document tweet description
    article summary abstract post passage paragraph headline title subject premise input prompt instruction says reviews
    comments messages tweets sentences utterances queries transcript feedback remark note narrative complaint statement
    plot story lyrics caption essay overview synopsis speech context
    文本 内容 评论 句子 正文 文章 标题 问题 评价 留言 描述 摘要 反馈 意见 內容 評論 標題 問題 評價 本文 テキスト
    レビュー コメント 質問 내용 텍스트 문장 리뷰 본문 댓글 질문
    nachricht kommentar beschreibung inhalt rezension anfrage frage satz texte commentaire contenu avis phrase texto
    comentario comentário contenido conteúdo mensaje mensagem reseña descripción descrição frase pregunta pergunta testo
    commento contenuto recensione messaggio descrizione tekst bericht beschrijving opmerking yorum metin mesaj treść
    komentarz opinia ulasan komentar teks текст сообщение комментарий отзыв описание вопрос النص نص تعليق""".split()  # noqa: SIM905

# The most telling first.
LABELS = """label labels class category intent sentiment polarity emotion stance topic target tag tags y stars rating
    overall score queue classification gold answer type categories classes intents emotions topics department relation
    relations rel toxicity toxic spam sarcasm output completion choice choices mood genre entities spans ner annotation
    verdict judgment judgement diagnosis relevance relevant grade
    标签 类别 情感 分类 类型 意图 评分 类目 标注 情绪 主题 等级 星级 標籤 類別 分類 類型 情緒 主題 評分 ラベル カテゴリ
    カテゴリー 感情 라벨 레이블 분류 카테고리 감정
    kategorie thema klasse etikett stimmung absicht catégorie categorie étiquette classe sujet thème etiqueta categoría
    categoria clase sentimiento sentimento tema polaridad polaridade calificación etichetta valutazione onderwerp etiket
    kategori duygu sınıf kategoria etykieta klasa sentimen kelas nhãn категория метка класс тональность оценка тема
    التصنيف تصنيف 相关性 相关度""".split()  # noqa: SIM905

NEITHER = frozenset(
    """id ids uuid guid index idx key no nr num row rowid hash md5 sha checksum date dates time times timestamp
    datetime created updated modified at annotator annotators worker assignment user users username
    userid author reviewer customer lang language locale split fold set subset partition confidence probability prob
    agreement votes count counts length len size url urls link links file files filename path image img audio lat
    lon latitude longitude geo location country city region province store branch meta metadata template version seed
    ip email phone isbn asin sku price duration start end offset position page pages source sources origin channel
    verified retweets likes replies views
    编号 序号 时间 日期 用户 链接 来源 城市 省份 地区 渠道 編號 序號 時間 日付 날짜 지역 都道府県
    datum uhrzeit ort stadt land kunde quelle ticketnummer ville pays fecha ciudad país cliente fuente città fonte дата
    город источник şehir tarih miasto kota tanggal المدينة tỉnh""".split()  # noqa: SIM905
)
