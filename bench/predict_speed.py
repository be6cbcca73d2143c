"""Sentences answered per second by one fine-tuned minilm: Haoqi against Transformers, ONNX Runtime and OpenVINO.

    python bench/predict_speed.py                             # under ten minutes on two slow cores, training apart
    python bench/predict_speed.py --data sst2 --short 64 --rounds 1 --calls 20 --dry

`full` learns sst2 (short texts) and BBC News (long ones, 256 tokens) once and is published; `haoqi compile` then
chooses its form by held-out examples. The peers compute the same network: the Transformers pipeline at batch 1 and 32,
torch, ONNX Runtime (fp32 after its tool for transformers, int8 by its dynamic quantisation) and OpenVINO (as it is,
with the hint for throughput and a queue of requests, in int8 by NNCF where that is installed), all but the pipeline in
batches of 64 sorted by length.
Everybody turns text into the names of labels: tokenising, by AutoTokenizer for the peers, and decoding are included.
All are warm, answer the same texts, and stand in another order in each round; medians of the rounds are shown.
"""

import argparse
import json
import os
import statistics
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import table

BATCH = 64
INPUTS = ("input_ids", "attention_mask")
MAX_TOKENS = {"sst2": 128, "bbc-news": 256}
TRAINED_ON = {"sst2": 2000, "bbc-news": 400}
JUDGES = 400
WARM = 32  # texts that everybody answers before the first round
SENTENCE = "The second half drags a little , but the ending is worth the long wait ."
FAITHFUL = 0.995
PIPELINE = "Transformers pipeline, batch 32"
TOLD = {
    "one sentence, p50": "p50_ms",
    "one sentence, p99": "p99_ms",
    "many sentences, each alone, p50": "many_p50_ms",
    "many sentences, each alone, mean": "many_mean_ms",
    "many sentences, each alone, p99": "many_p99_ms",
}

Answer = Callable[[Sequence[str]], list[str]]


@dataclass(frozen=True)
class Texts:
    """Labelled texts of one corpus: to learn from, to choose a form by, and to answer."""

    train: list[tuple[str, str]]
    judges: list[tuple[str, str]]
    asked: list[str]


def texts_of(data: str, asked: int) -> Texts:
    """Return texts after a fixed shuffle."""
    if data == "sst2":
        parts = [_reviews(part) for part in ("train", "dev", "test")]
        train, judges, rest = (_shuffled(part) for part in parts)
    else:
        from haoqi.data import read
        from haoqi.data.settings import DataSettings

        examples = read(DataSettings("bbc-news")).examples
        rows = _shuffled(list(zip(examples.texts, map(str, examples.labels), strict=True)))
        train, judges, rest = rows[:1000], rows[1000:1500], rows[1500:]
    return Texts(train[: TRAINED_ON[data]], judges[:JUDGES], [text for text, _ in rest[:asked]])


def _reviews(part: str) -> list[tuple[str, str]]:
    lines = (table.DATA / "sst2" / f"{part}.tsv").read_text(encoding="utf-8").splitlines()
    return [
        (text, ("negative", "positive")[int(label)]) for text, _, label in (line.rpartition("\t") for line in lines)
    ]


def _shuffled(rows: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [rows[place] for place in np.random.default_rng(0).permutation(len(rows))]


def trained(data: str) -> str:
    """Return the name of a release that learnt a corpus by `full`; it is made once."""
    from haoqi import UserError, api
    from haoqi.core import folder
    from haoqi.data.examples import Examples
    from haoqi.methods.method import Job, methods
    from haoqi.models.bases import resolve
    from haoqi.models.feature_store.store import FeatureStore
    from haoqi.models.model import Model
    from haoqi.models.releases import releases
    from haoqi.tasks import build

    name = f"predict-speed-{data}"
    with suppress(UserError):
        return releases.current(name).reference
    print(f"training on {data}", flush=True)
    given = texts_of(data, 0)
    train, judges = (Examples.of(*map(list, zip(*part, strict=True))) for part in (given.train, given.judges))
    task = build("topic" if data == "bbc-news" else "sentiment", tuple(sorted(set(train.labels))))
    store, base = FeatureStore(folder.cache() / "bench"), resolve("minilm", folder.cache())
    settings = {"epochs": 2 if data == "bbc-news" else 1, "max_tokens": MAX_TOKENS[data]}
    predictor = methods.build("full", **settings).fit(Job(task, train, Examples.of([]), 0, store, base))
    calibration = task.output.calibrate(predictor.scores(judges), judges, task.metric)
    facts = {"method": "full", "base": "minilm", "cleaned": True}
    release = releases.publish(Model(task, predictor, calibration, facts), {}, name)
    file = folder.home() / f"{name}.jsonl"
    rows = [{"text": text, "label": label} for text, label in given.judges]
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    print(api.compile(release.reference, str(file), text="text", label="label").words, flush=True)
    return release.reference


class Peers:
    """One released network as peers compute it.

    Args:
        reference: the release.
        max_tokens: the most tokens of a text that are read.
        folder: where exported files may lie.
    """

    def __init__(self, reference: str, max_tokens: int, folder: Path) -> None:
        import logging as python_logging

        from transformers import AutoTokenizer, logging

        from haoqi.core import folder as folders
        from haoqi.models import model
        from haoqi.models.bases import resolve
        from haoqi.models.releases import releases

        logging.set_verbosity(python_logging.CRITICAL)  # the pipeline complains of our class, and works
        python_logging.disable(python_logging.WARNING)
        self.max_tokens, self.folder = max_tokens, folder
        self.master = model.load(releases.get(reference).folder, compiled=False)
        self.labels = self.master.task.labels
        self.tokenizer: Any = AutoTokenizer.from_pretrained(resolve("minilm", folders.cache()).folder)
        self.tokenizer.model_max_length = max_tokens

    def contenders(self) -> dict[str, Answer]:
        """Return every peer that this machine has, by name."""
        found: dict[str, Answer] = {
            "Transformers pipeline, batch 1": self.pipeline(1),
            PIPELINE: self.pipeline(32),
            "torch fp32, sorted": self.sorted_batches(self.torch()),
        }
        makers: dict[str, Callable[[], Answer]] = {
            "ONNX Runtime fp32, sorted": lambda: self.sorted_batches(self.onnx(self.exported)),
            "ONNX Runtime int8, sorted": lambda: self.sorted_batches(self.onnx(self.quantised)),
            "OpenVINO, sorted": lambda: self.sorted_batches(self.openvino(self.converted)),
            "OpenVINO throughput, sorted": lambda: self.queued(self.converted),
            "OpenVINO int8, sorted": lambda: self.sorted_batches(self.openvino(self.converted_int8)),
        }
        for name, make in makers.items():
            try:
                found[name] = make()
            except ImportError as error:
                print(f"{name}: left out, as {error.name} is not installed", flush=True)
        return found

    @cached_property
    def network(self) -> Any:
        """The network as a model of Transformers: the encoder, the mean of its states, and the head."""
        from copy import deepcopy

        import torch
        from transformers import PreTrainedModel
        from transformers.modeling_outputs import SequenceClassifierOutput

        tuned: Any = deepcopy(self.master.predictor.model)  # type: ignore[attr-defined]
        tuned.encoder.set_attn_implementation("sdpa")  # what Transformers takes unless told otherwise

        class MeanPooled(PreTrainedModel):
            config_class = type(tuned.encoder.config)
            _supports_sdpa = True

            def __init__(self, config: Any) -> None:
                super().__init__(config)
                self.encoder, self.head = tuned.encoder, tuned.head

            def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any = None) -> Any:
                states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
                inside = attention_mask.unsqueeze(-1).to(states.dtype)
                mean = (states * inside).sum(dim=1) / inside.sum(dim=1)
                return SequenceClassifierOutput(logits=self.head(torch.nn.functional.normalize(mean, dim=1)))

        config = tuned.encoder.config
        config.id2label = dict(enumerate(self.labels))
        config.label2id = {label: place for place, label in enumerate(self.labels)}
        return MeanPooled(config).eval()

    def pipeline(self, batch: int) -> Answer:
        """Return the pipeline at some batch size, as its guide writes it."""
        from transformers import pipeline

        ask = pipeline("text-classification", model=self.network, tokenizer=self.tokenizer, device="cpu")
        return lambda texts: [
            one["label"] for one in ask(list(texts), batch_size=batch, truncation=True, max_length=self.max_tokens)
        ]

    def batches(self, texts: Sequence[str]) -> Iterator[tuple[list[int], dict[str, Any]]]:
        """Yield (rows, tensors) of texts that are like in length, padded to the longest of them."""
        ids = self.tokenizer(list(texts), truncation=True, max_length=self.max_tokens)["input_ids"]
        order = sorted(range(len(ids)), key=lambda row: len(ids[row]))
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            padded = self.tokenizer.pad({"input_ids": [ids[row] for row in rows]}, return_tensors="np")
            yield rows, {name: padded[name].astype(np.int64) for name in INPUTS}

    def sorted_batches(self, run: Callable[[dict[str, Any]], Any]) -> Answer:
        """Return what answers texts batch by batch."""

        def answer(texts: Sequence[str]) -> list[str]:
            found = [""] * len(texts)
            for rows, batch in self.batches(texts):
                for row, place in zip(rows, run(batch).argmax(axis=-1).tolist(), strict=True):
                    found[row] = self.labels[place]
            return found

        return answer

    def torch(self) -> Callable[[dict[str, Any]], Any]:
        """Return torch in fp32."""
        import torch

        def run(batch: dict[str, Any]) -> Any:
            with torch.inference_mode():
                return self.network(**{name: torch.from_numpy(value) for name, value in batch.items()}).logits.numpy()

        return run

    @cached_property
    def plain(self) -> Any:
        """The network with logits for its output, as exporters want it, and inputs to follow it by."""
        import torch

        network = self.network

        class Logits(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.network = network

            def forward(self, input_ids: Any, attention_mask: Any) -> Any:
                return self.network(input_ids, attention_mask).logits

        mask = torch.ones((2, 16), dtype=torch.int64)
        mask[1, 9:] = 0
        return Logits().eval(), (torch.ones((2, 16), dtype=torch.int64), mask)

    @cached_property
    def exported(self) -> Path:
        """The network as ONNX, with what ONNX Runtime's tool for transformers can fuse of it."""
        import torch
        from onnxruntime.transformers import optimizer

        module, example = self.plain
        names, whole, fused = INPUTS, self.folder / "whole.onnx", self.folder / "fused.onnx"
        self.network.encoder.set_attn_implementation("eager")  # whose pattern the tool knows
        with torch.no_grad():
            torch.onnx.export(
                module,
                example,
                str(whole),
                dynamo=False,
                input_names=list(names),
                output_names=["logits"],
                dynamic_axes={name: {0: "rows", 1: "longest"} for name in names},
                opset_version=17,
            )
        self.network.encoder.set_attn_implementation("sdpa")
        config = self.network.config
        heads, width = config.num_attention_heads, config.hidden_size
        optimised = optimizer.optimize_model(str(whole), "bert", num_heads=heads, hidden_size=width)
        print(f"ONNX Runtime's tool fused {_fused(optimised)}", flush=True)
        optimised.save_model_to_file(str(fused))
        return fused

    @cached_property
    def quantised(self) -> Path:
        """The same with weights in int8, by ONNX Runtime's dynamic quantisation at its defaults."""
        whole = self.exported
        import onnx
        from onnxruntime.quantization import QuantType, quantize_dynamic

        path = self.folder / "int8.onnx"
        known = {"DefaultTensorType": onnx.TensorProto.FLOAT}  # what comes out of nodes that were fused
        quantize_dynamic(whole, path, weight_type=QuantType.QInt8, extra_options=known)
        return path

    def onnx(self, path: Path) -> Callable[[dict[str, Any]], Any]:
        """Return a session of ONNX Runtime at its defaults."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        return lambda batch: session.run(None, batch)[0]

    @cached_property
    def converted(self) -> Any:
        """The network as OpenVINO reads it."""
        import openvino

        module, example = self.plain
        shape = (openvino.PartialShape([-1, -1]), openvino.Type.i64)
        network = openvino.convert_model(module, example_input=example, input=[shape, shape])
        for name, place in zip(INPUTS, network.inputs, strict=True):
            place.get_tensor().set_names({name})
        return network

    @cached_property
    def converted_int8(self) -> Any:
        """The same in int8, calibrated on texts by NNCF as its guide for transformers says."""
        import nncf  # type: ignore[import-not-found]

        given = [batch for _, batch in self.batches([text for text, _ in self.judges])]
        return nncf.quantize(
            self.converted.clone(), nncf.Dataset(given), model_type=nncf.ModelType.TRANSFORMER, subset_size=len(given)
        )

    judges: Sequence[tuple[str, str]] = ()

    def openvino(self, network: Any) -> Callable[[dict[str, Any]], Any]:
        """Return a compiled network at its defaults, asked batch by batch."""
        import openvino

        compiled = openvino.Core().compile_model(network, "CPU")
        return lambda batch: compiled(batch)[0]

    def queued(self, network: Any) -> Answer:
        """Return a network compiled for throughput and a queue of requests, as its guide says for many batches."""
        import openvino

        compiled = openvino.Core().compile_model(network, "CPU", {"PERFORMANCE_HINT": "THROUGHPUT"})
        queue = openvino.AsyncInferQueue(compiled)

        def answer(texts: Sequence[str]) -> list[str]:
            found = [""] * len(texts)

            def done(request: Any, rows: list[int]) -> None:
                for row, place in zip(rows, request.get_output_tensor().data.argmax(axis=-1).tolist(), strict=True):
                    found[row] = self.labels[place]

            queue.set_callback(done)
            for rows, batch in self.batches(texts):
                queue.start_async(batch, rows)
            queue.wait_all()
            return found

        return answer


def _fused(optimised: Any) -> str:
    """Return which kinds of node a tool for ONNX made, and how many."""
    counts = {kind: count for kind, count in optimised.get_fused_operator_statistics().items() if count}
    return ", ".join(f"{count} {kind}" for kind, count in counts.items()) or "nothing"


def measured(contenders: dict[str, Answer], texts: Sequence[str], rounds: int) -> dict[str, dict[str, Any]]:
    """Return the rate of each in sentences per second, the median of the rounds, and its answers."""
    names = list(contenders)
    for answer in contenders.values():
        answer(texts[:WARM])
    speeds: dict[str, list[float]] = {name: [] for name in names}
    given: dict[str, Any] = {}
    for turn in range(rounds):
        shift = turn * max(1, len(names) // rounds)
        for name in names[shift:] + names[:shift]:
            begun = time.perf_counter()
            given[name] = contenders[name](texts)
            speeds[name].append(len(texts) / (time.perf_counter() - begun))
    return {name: {"rate": statistics.median(speeds[name]), "answers": given[name]} for name in names}


def latency(answer: Callable[[str], Any], asked: Sequence[str], calls: int) -> dict[str, float]:
    """Return the middle, the 99th percentile and the mean of the milliseconds that texts take, each alone, in turn."""
    times = []
    for call in range(10 + calls):
        text = asked[call % len(asked)]
        begun = time.perf_counter()
        answer(text)
        times.append(1000 * (time.perf_counter() - begun))
    p50, p99 = np.percentile(times[10:], [50, 99]).tolist()
    return {"p50_ms": p50, "p99_ms": p99, "mean_ms": float(np.mean(times[10:]))}


def compare(data: str, said: argparse.Namespace, folder: Path) -> list[dict[str, Any]]:
    """Return a cell per contender for one corpus."""
    import haoqi

    reference = trained(data)
    given = texts_of(data, said.short if data == "sst2" else said.long)
    peers = Peers(reference, MAX_TOKENS[data], folder)
    peers.judges = given.judges[:128]
    model = haoqi.load(reference)
    contenders = {**peers.contenders(), "haoqi": lambda texts: model.predict(list(texts)).labels}
    right = peers.master.predict(given.asked).labels
    cells = []
    for name, found in measured(contenders, given.asked, said.rounds).items():
        same = float(np.mean([one == other for one, other in zip(found["answers"], right, strict=True)]))
        cells.append({"data": data, "who": name, "texts": len(given.asked), "rate": found["rate"], "unchanged": same})
    if data == "sst2":
        for cell in cells:
            ask = contenders[cell["who"]]
            one = model if cell["who"] == "haoqi" else lambda text, ask=ask: ask([text])
            cell |= latency(one, [SENTENCE], said.calls)
            cell |= {f"many_{key}": delay for key, delay in latency(one, given.asked, said.calls).items()}
    return cells


def ratios(cells: list[dict[str, Any]]) -> list[str]:
    """Return by how much Haoqi is ahead, a line for each claim."""
    lines = []
    for data in dict.fromkeys(cell["data"] for cell in cells):
        own, *others = sorted((cell for cell in cells if cell["data"] == data), key=lambda one: one["who"] != "haoqi")
        best = max(others, key=lambda one: one["rate"])
        usual = next(one for one in others if one["who"] == PIPELINE)
        faithful = max((one for one in others if one["unchanged"] >= FAITHFUL), key=lambda one: one["rate"])
        lines.append(f"{data}: {own['rate'] / usual['rate']:.2f} times the {PIPELINE}")
        lines.append(f"{data}: {own['rate'] / best['rate']:.2f} times the best peer ({best['who']})")
        ahead = f"{own['rate'] / faithful['rate']:.2f} times the best peer that keeps {FAITHFUL:.1%} of the answers"
        lines.append(f"{data}: {ahead} ({faithful['who']})")
        lines.append(f"{data}: {own['unchanged']:.2%} of the answers are the master's")
        if "p50_ms" in own:
            for told, key in TOLD.items():
                delay, who = min((one[key], one["who"]) for one in others)
                lines.append(f"{told}: {delay / own[key]:.2f} times as quick as {who}")
    return lines


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    arguments.add_argument("--data", nargs="+", choices=list(MAX_TOKENS), default=list(MAX_TOKENS))
    arguments.add_argument("--short", type=int, default=768, help="texts of sst2 to answer")
    arguments.add_argument("--long", type=int, default=96, help="texts of BBC News to answer")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--calls", type=int, default=300, help="of one sentence, for its latency")
    arguments.add_argument(
        "--folder", type=Path, default=Path.home() / ".cache" / "haoqi-bench", help="of the releases"
    )
    arguments.add_argument("--dry", action="store_true", help="record nothing")
    said = arguments.parse_args()
    os.environ.setdefault("HAOQI_HOME", str(said.folder.absolute()))
    warnings.filterwarnings("ignore")
    cells = []
    for data in said.data:
        folder = said.folder.absolute() / "exported" / data
        folder.mkdir(parents=True, exist_ok=True)
        cells += compare(data, said, folder)
    if not said.dry:
        for cell in cells:
            table.record("predict_speed", **cell)
    table.show(cells, ["data", "who", "texts", "rate", "unchanged", *TOLD.values()])
    print("\n".join(ratios(cells)))


if __name__ == "__main__":
    main()
