"""What answers look like, a file each: one label, several labels, spans, a number.

A further kind of answer (a generated text, a span inside a context) is one more file here with a
class that keeps the contract `haoqi.tasks.task.Output`. What it owes:

- `name` is what a person calls it, and `kind` says by facts which methods can learn it.
- `read` gives a cell its type, or says why it cannot; blank cells are unlabelled rows and are refused.
- `width` is how many columns a model gives, 1 for a number.
- `targets` is whatever a method for this output is trained on; only methods that accept its kind see it.
- `decode` turns scores into `Predictions`, and `calibrate` fits what `decode` accepts as keywords.

Where answers are made of classes it is a `haoqi.tasks.task.ClassOutput`, which owes two things more: it carries its
`classes`, as its task made it with the labels that the task was given, and `vocabulary` tells those that occur in some
answers. Where they are not, nothing is said of classes at all, and the task's function takes no labels.

A task on pairs needs no output of its own: `Examples.pairs` holds the second texts, and the answer is a label.
"""
