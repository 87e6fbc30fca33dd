"""Training steps of published methods in plain PyTorch, without any of this package's savings, to be timed beside them.

The mathematics is the original code's: texts of 77 tokens (or cut behind the longest, with --truncate), every token of every
text in every block, CoCoOp's texts once for every image, frozen CLIP's image features of PromptSRC computed a second time,
PyTorch's own differentiation.

  python3 step.py --check test/golden --methods coop,maple    losses and gradients against reference data, a line a method;
                                                              exit code 1 where they differ
  python3 step.py --method coop --classes 50 ...              a step for every line of standard input: its seconds, a line
                                                              each; END ends it
"""

import argparse
import gzip
import json
import resource
import struct
import sys
import time

import torch

from clip import BACKBONES, CONTEXT, Clip
from methods import METHODS, Batch


def read_tensors(path):
    """A gzipped safetensors file."""
    data = gzip.open(path).read()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    kinds = {"F32": torch.float32, "F16": torch.float16, "I64": torch.int64}
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = (8 + length + x for x in entry["data_offsets"])
        flat = torch.frombuffer(bytearray(data[begin:end]), dtype=kinds[entry["dtype"]])
        tensors[name] = flat.reshape(entry["shape"])
    return tensors


def reference_clip(golden, about):
    sizes = json.load(open(f"{golden}/clip/clips.json"))[about["clip"]]
    weights = {name: x.float() for name, x in read_tensors(f"{golden}/{about['clip_file']}").items()}
    clip = Clip(**{k: v for k, v in sizes.items() if k not in ("kind", "logit_scale_ln", "texts_of_activations")},
                vocabulary=len(weights["token_embedding.weight"]))
    clip.load_state_dict(weights, strict=True)
    return clip.requires_grad_(False)


def worst_error(golden, method):
    """Of all loss terms and gradients of the first step of a reference case, at 77 tokens and truncated, in tolerances."""
    about = json.load(open(f"{golden}/cases/{method.case}.json"))
    known = read_tensors(f"{golden}/{about['tensors_file']}")
    data = read_tensors(f"{golden}/{about['data_file']}")
    clip = reference_clip(golden, about)
    names = [name[len("step0.grad."):] for name in known if name.startswith("step0.grad.")]
    worst = 0.0
    for truncated in (False, True):
        learned = {name: known[f"init.{name}"].clone().requires_grad_() for name in names}
        tokens = known["tokenized_prompts"]
        ends = tokens.argmax(-1)
        if truncated:
            tokens = tokens[:, : int(ends.max()) + 1]
        batch = Batch(data["train.images"][0], data["train.labels"][0].long(), clip.token_embedding(tokens), ends,
                      known.get("fixed_embeddings"))
        terms = method.losses(clip, learned, batch)
        terms["loss_total"].backward()
        for name, value in terms.items():
            expected = about["results"]["step0"][name]
            worst = max(worst, abs(value.item() - expected) / (1e-5 * max(1.0, abs(expected))))
        for name in names:
            error = (learned[name].grad - known[f"step0.grad.{name}"]).abs().max().item()
            worst = max(worst, error / about["tensors"][f"step0.grad.{name}"]["suggested_atol"])
    return worst


def check(golden, names):
    worst = {name: worst_error(golden, METHODS[name]) for name in names}
    for name, error in worst.items():
        print(json.dumps({"method": name, "case": METHODS[name].case, "torch": torch.__version__,
                          "worst_error_in_tolerances": error}))
    sys.exit(0 if all(error <= 1 for error in worst.values()) else 1)


def peak_memory():
    """The most this process has had resident, in MB (10^6 bytes). resource's figure begins at the parent's, /proc's does not."""
    try:
        marks = dict(line.split(":", 1) for line in open("/proc/self/status"))
        return int(marks["VmHWM"].split()[0]) * 1024 / 1e6
    except (OSError, KeyError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


def serve(options):
    """Random weights of a published model's size; names of as many tokens as bench:step has."""
    torch.manual_seed(1)
    torch.set_num_threads(options.threads)
    clip, method = Clip(*BACKBONES[options.backbone]), METHODS[options.method]
    text_width, embed_dim = clip.text_projection.shape
    vision_width = clip.visual.proj.shape[0]
    name_tokens = 3
    length = 1 + method.vectors + name_tokens + 2
    size = BACKBONES[options.backbone][0]
    batch = Batch(
        images=torch.randn(options.batch, 3, size, size),
        labels=torch.arange(options.batch) % options.classes,
        embedded=0.02 * torch.randn(options.classes, length if options.truncate else CONTEXT, text_width),
        ends=torch.full((options.classes,), length - 1),
        teacher=torch.randn(options.classes, embed_dim),
    )
    shapes = method.shapes(text_width, vision_width, embed_dim)
    learned = {name: (0.02 * torch.randn(shape)).requires_grad_() for name, shape in shapes.items()}
    optimizer = torch.optim.SGD(learned.values(), lr=0.0025, momentum=0.9, weight_decay=5e-4)
    for line in sys.stdin:
        if line.strip() == "END":
            break
        start = time.perf_counter()
        terms = method.losses(clip, learned, batch)
        optimizer.zero_grad()
        terms["loss_total"].backward()
        optimizer.step()
        seconds = time.perf_counter() - start
        print(json.dumps({"seconds": seconds, "peakRssMb": peak_memory()}), flush=True)


def method_names(text):
    names = text.split(",")
    for name in names:
        if name not in METHODS:
            raise argparse.ArgumentTypeError(f"no method {name} here; there are {', '.join(METHODS)}")
    return names


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", metavar="GOLDEN")
    parser.add_argument("--methods", type=method_names, default=list(METHODS))
    parser.add_argument("--method", default="promptsrc", choices=list(METHODS))
    parser.add_argument("--backbone", default="ViT-B/16", choices=list(BACKBONES))
    parser.add_argument("--classes", type=int, default=50)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--truncate", action="store_true")
    given = parser.parse_args()
    check(given.check, given.methods) if given.check else serve(given)
