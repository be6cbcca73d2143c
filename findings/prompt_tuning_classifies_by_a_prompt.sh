#!/usr/bin/env bash
# Under PEFT's prompt tuning a BERT classifier answers by a virtual token, not by [CLS].
#
# Versions: peft 0.21.2, transformers 5.23.0, torch 2.13.0, Python 3.11.
# Input: a small BertForSequenceClassification with drawn weights, prompt tuning of 4 virtual tokens for sequence
# classification, one text of 6 tokens.
# Seen (see EXPECTED below): the states of the last layer are those of 10 tokens, the virtual ones first, and the pooler
# takes position 0 of them: the logits are those of the first virtual token, to the last bit, and not those of [CLS],
# which has moved to position 4. As a feature extractor it gives 10 states for a text of 6 tokens, so that a mean over
# them takes in the prompt. Prefix tuning gives 6, with [CLS] first.
# One guesses that a prompt is read and then left out of what is pooled, as it is for prefixes. It learns all the same,
# but a head that was trained on [CLS] is given something else from the first step on.
# What helps: cutting the virtual tokens off before pooling, as Haoqi's own prompts do.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.13.0 \
    numpy==2.4.6 transformers==5.23.0 peft==0.21.2
cd "$folder"
cat > look.py <<'PY'
import warnings

import torch
from peft import PrefixTuningConfig, PromptTuningConfig, TaskType, get_peft_model
from transformers import BertConfig, BertForSequenceClassification, BertModel

warnings.simplefilter("ignore")
shape = BertConfig(
    vocab_size=50, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, num_labels=3
)
ids = torch.arange(5, 11)[None]
given = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
for kind in (PromptTuningConfig, PrefixTuningConfig):
    torch.manual_seed(0)
    config = kind(task_type=TaskType.FEATURE_EXTRACTION, num_virtual_tokens=4)
    states = get_peft_model(BertModel(shape).eval(), config).eval()(**given).last_hidden_state
    print(f"{kind.__name__}: {states.shape[1]} states of {ids.shape[1]} tokens")

torch.manual_seed(0)
model = BertForSequenceClassification(shape).eval()
tuned = get_peft_model(model, PromptTuningConfig(task_type=TaskType.SEQ_CLS, num_virtual_tokens=4)).eval()
with torch.inference_mode():
    found = tuned(**given, output_hidden_states=True)
    head = model.classifier.modules_to_save["default"]
    last = found.hidden_states[-1]
    pooled = lambda place: torch.tanh(model.bert.pooler.dense(last[:, place]))
    for place, name in ((0, "the first virtual token"), (4, "[CLS]")):
        print(f"logits are those of {name}: {torch.equal(head(pooled(place)), found.logits)}")
PY
"$folder/env/bin/python" look.py > seen 2> said || { cat said; exit 1; }
cat > EXPECTED <<'SEEN'
PromptTuningConfig: 10 states of 6 tokens
PrefixTuningConfig: 6 states of 6 tokens
logits are those of the first virtual token: True
logits are those of [CLS]: False
SEEN
diff EXPECTED seen && echo "as described"
