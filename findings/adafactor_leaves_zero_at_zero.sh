#!/usr/bin/env bash
# torch.optim.Adafactor hardly moves weights that begin at 0, such as a new head or LoRA's second matrix.
#
# Version: torch 2.13.0 on a processor, Python 3.11.
# Input: logistic regression of 8 features that tell two classes apart by a sign, 256 rows, 100 steps over all of them at
# Adafactor's default learning rate of 0.01; weights begin at 0, or drawn.
# Seen (see EXPECTED below): from drawn weights Adafactor ends near AdamW. From 0 its loss stays at log 2 = 0.693, and
# the largest of 16 weights has reached 0.001, where AdamW's has reached 0.8. No warning is given.
# Its steps are relative: the rate is multiplied by the root mean square of the weights themselves, held at 1e-3 from
# below, so a matrix of zeros moves by 1e-5 a step at most, however large the gradient is. One guesses that optimizers
# of the same interface and learning rate differ by some factor, not that new layers stand still.
# What moves it: a learning rate divided by that floor for such matrices, or steps made absolute.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6
cd "$folder"
cat > look.py <<'PY'
import math

import torch
from torch.nn.functional import cross_entropy

torch.manual_seed(0)
rows = torch.randn(256, 8)
classes = (rows[:, 0] > 0).long()
for begin in ("zero", "drawn"):
    for name in ("AdamW", "Adafactor"):
        weights = torch.zeros(2, 8) if begin == "zero" else torch.randn(2, 8, generator=torch.Generator().manual_seed(1))
        weights.requires_grad_(True)
        optimizer = getattr(torch.optim, name)([weights], lr=0.01)
        for _ in range(100):
            optimizer.zero_grad()
            loss = cross_entropy(rows @ weights.T, classes)
            loss.backward()
            optimizer.step()
        learnt = "learnt" if loss.item() < 0.75 * math.log(2) else "learnt nothing"
        print(f"{begin} {name}: {learnt}, largest {weights.abs().max().item():.0e}")
PY
"$folder/env/bin/python" look.py > seen
cat > EXPECTED <<'SEEN'
zero AdamW: learnt, largest 8e-01
zero Adafactor: learnt nothing, largest 1e-03
drawn AdamW: learnt, largest 2e+00
drawn Adafactor: learnt, largest 2e+00
SEEN
diff EXPECTED seen && echo "as described"
