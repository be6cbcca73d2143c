"""What answers look like, a file each: one label, several labels, spans.

A further kind of answer (a number, a generated text, a span inside a context) is one more file here with a
class that keeps the contract `haoqi.tasks.task.Output`. What it owes:

- `name` is the word by which methods say that they can learn it.
- `read` gives a cell its type, or says why it cannot; blank cells are unlabelled rows and are refused.
- `vocabulary` may be empty and `width` is then fixed (1 for a number).
- `targets` is whatever a method for this output is trained on; only methods that name the output see it.
- `decode` turns scores into `Predictions`, and `calibrate` fits what `decode` accepts as keywords.

A task on pairs needs no output of its own: `Examples.pairs` holds the second texts, and the answer is a label.
"""
