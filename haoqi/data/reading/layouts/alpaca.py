"""Instructions as Alpaca has them: an instruction, an input, and the output to be written."""

from typing import Any

from haoqi.core.say import say
from haoqi.data.reading.fields import columns_of
from haoqi.data.reading.layouts import Asked, Content, layouts
from haoqi.data.reading.layouts._writing import are_written, with_classes

_BOTH = "instruction and input"


@layouts.register
class Alpaca:
    """Classes where outputs are few and repeat: then the text is the input, or the instruction where there is none."""

    def recognises(self, document: Any) -> float:
        return 0.9 if are_written(document, "instruction", "output") else 0.0

    def read(self, document: Any, asked: Asked) -> Content:
        columns = columns_of(document, asked.name)
        inputs = [cell if isinstance(cell, str) else "" for cell in columns.get("input", [""] * len(document))]
        filled = sum(bool(cell.strip()) for cell in inputs)
        instructions = columns["instruction"]
        if not filled:
            return with_classes(
                columns, ("instruction", "output"), say("layout.instructions"), asked, why=say("layout.no_inputs")
            )
        if filled == len(inputs) and len(set(map(str, instructions))) == 1:
            why = say("layout.one_instruction")
            return with_classes(columns, ("input", "output"), say("layout.instructions"), asked, why=why)
        pairs = zip(instructions, inputs, strict=True)
        columns[_BOTH] = ["\n".join(part for part in map(str, pair) if part.strip()) for pair in pairs]
        why = say("layout.both_differ")
        return with_classes(columns, (_BOTH, "output"), say("layout.instructions"), asked, why=why)
