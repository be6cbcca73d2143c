"""Words with tags, on lines, in rows of tables and in lists, and the spans that they mark."""
