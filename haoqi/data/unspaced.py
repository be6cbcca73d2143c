"""Scripts that are written without spaces between words: there every character is a word."""

# Han, Japanese kana, bopomofo, and the supplementary Han planes: written without spaces between words.
UNSPACED = (
    r"\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3040-\u30ff\u3105-\u312f\u31a0-\u31ff"
    r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U000323af"
)
