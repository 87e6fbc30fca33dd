"""Training steps of PromptSRC in plain PyTorch, without any of this package's savings, to be timed beside them.

The mathematics is the original code's: texts of 77 tokens (or cut behind the longest, with --truncate), every token of every
text in every block, frozen CLIP's image features computed a second time, PyTorch's own differentiation.

  python3 step.py --check test/golden    losses and gradients against reference data; exit code 1 where they differ
  python3 step.py --classes 50 ...       a step for every line of standard input: its seconds, a line each; END ends it
"""

import argparse
import gzip
import json
import math
import resource
import struct
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

CONTEXT = 77


class Block(nn.Module):
    def __init__(self, width, heads, mask=None):
        super().__init__()
        self.attn = nn.MultiheadAttention(width, heads)
        self.ln_1 = nn.LayerNorm(width)
        self.mlp = nn.ModuleDict({"c_fc": nn.Linear(width, 4 * width), "c_proj": nn.Linear(4 * width, width)})
        self.ln_2 = nn.LayerNorm(width)
        self.mask = mask

    def forward(self, x):
        h = self.ln_1(x)
        mask = None if self.mask is None else self.mask[: len(x), : len(x)]
        x = x + self.attn(h, h, h, need_weights=False, attn_mask=mask)[0]
        h = self.mlp["c_fc"](self.ln_2(x))
        return x + self.mlp["c_proj"](h * torch.sigmoid(1.702 * h))


def transform(blocks, x, replaced):
    """x: [tokens, rows, width]. replaced(i, x) puts the prompts of block i in."""
    for i, block in enumerate(blocks):
        x = block(replaced(i, x))
    return x


class Clip(nn.Module):
    """OpenAI's tensor names, so that their state dicts load."""

    def __init__(self, image, patch, vision_width, vision_layers, vision_heads, text_width, text_layers, text_heads,
                 embed_dim, vocabulary=0):
        super().__init__()
        mask = torch.full((CONTEXT, CONTEXT), -math.inf).triu_(1)
        self.visual = nn.Module()
        self.visual.conv1 = nn.Conv2d(3, vision_width, patch, patch, bias=False)
        self.visual.class_embedding = nn.Parameter(torch.randn(vision_width) / vision_width**0.5)
        cells = (image // patch) ** 2
        self.visual.positional_embedding = nn.Parameter(torch.randn(cells + 1, vision_width) / vision_width**0.5)
        self.visual.ln_pre = nn.LayerNorm(vision_width)
        self.visual.transformer = nn.Module()
        self.visual.transformer.resblocks = nn.ModuleList(
            Block(vision_width, vision_heads) for _ in range(vision_layers))
        self.visual.ln_post = nn.LayerNorm(vision_width)
        self.visual.proj = nn.Parameter(torch.randn(vision_width, embed_dim) / vision_width**0.5)
        self.transformer = nn.Module()
        self.transformer.resblocks = nn.ModuleList(Block(text_width, text_heads, mask) for _ in range(text_layers))
        self.positional_embedding = nn.Parameter(torch.randn(CONTEXT, text_width) / 100)
        self.ln_final = nn.LayerNorm(text_width)
        self.text_projection = nn.Parameter(torch.randn(text_width, embed_dim) / text_width**0.5)
        self.logit_scale = nn.Parameter(torch.tensor(math.log(100.0)))
        if vocabulary:
            self.token_embedding = nn.Embedding(vocabulary, text_width)
        self.requires_grad_(False)

    def image_features(self, images, prompts=()):
        """prompts: [n, width] at the input and, one each, at the next blocks; behind the patches, in front of ln_pre."""
        v, count = self.visual, len(images)
        x = v.conv1(images).flatten(2).transpose(1, 2)
        first = v.class_embedding.expand(count, 1, -1)
        x = torch.cat([first, x], 1) + v.positional_embedding
        if prompts:
            x = torch.cat([x, prompts[0].expand(count, -1, -1)], 1)
        x = v.ln_pre(x).transpose(0, 1)

        def replaced(i, x):
            if not 0 < i < len(prompts):
                return x
            own = prompts[i]
            return torch.cat([x[: -len(own)], own[:, None].expand(-1, count, -1)], 0)

        x = transform(v.transformer.resblocks, x, replaced)
        return v.ln_post(x[0]) @ v.proj

    def text_features(self, embedded, ends, prompts):
        """embedded: [classes, tokens, width], with whatever where prompts go, behind the start token; ends: [classes]."""
        count, n = len(embedded), len(prompts[0])
        x = torch.cat([embedded[:, :1], prompts[0].expand(count, -1, -1), embedded[:, 1 + n:]], 1)
        x = (x + self.positional_embedding[: x.shape[1]]).transpose(0, 1)

        def replaced(i, x):
            if not 0 < i < len(prompts):
                return x
            own = prompts[i]
            return torch.cat([x[:1], own[:, None].expand(-1, count, -1), x[1 + len(own):]], 0)

        x = transform(self.transformer.resblocks, x, replaced)
        x = self.ln_final(x.transpose(0, 1))
        return x[torch.arange(count), ends] @ self.text_projection


def losses(clip, batch, embedded, ends, teacher, text_prompts, image_prompts, weights=(25.0, 10.0)):
    """Cross-entropy and the three agreements of PromptSRC (equations 3 to 5)."""
    images, labels = batch
    text = F.normalize(clip.text_features(embedded, ends, text_prompts), dim=-1)
    image = F.normalize(clip.image_features(images, image_prompts), dim=-1)
    scale = clip.logit_scale.exp()
    logits = scale * image @ text.t()
    with torch.no_grad():
        frozen_text = F.normalize(teacher, dim=-1)
        frozen_image = F.normalize(clip.image_features(images), dim=-1)
        frozen_logits = scale * frozen_image @ frozen_text.t()
    terms = {
        "loss_ce": F.cross_entropy(logits, labels),
        "loss_scl_text": weights[0] * F.l1_loss(text, frozen_text),
        "loss_scl_image": weights[1] * F.l1_loss(image, frozen_image),
        "loss_scl_logits": F.kl_div(F.log_softmax(logits, 1), F.log_softmax(frozen_logits, 1), reduction="sum",
                                    log_target=True) / logits.numel(),
    }
    terms["loss_total"] = sum(terms.values())
    return terms


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


def check(golden, case="promptsrc_vit_t4v4_d3"):
    """The first step of a reference case: every loss term and gradient within its tolerance, at 77 tokens and truncated."""
    about = json.load(open(f"{golden}/cases/{case}.json"))
    known = read_tensors(f"{golden}/{about['tensors_file']}")
    data = read_tensors(f"{golden}/{about['data_file']}")
    sizes = json.load(open(f"{golden}/clip/clips.json"))[about["clip"]]
    weights = {name: x.float() for name, x in read_tensors(f"{golden}/{about['clip_file']}").items()}
    clip = Clip(**{k: v for k, v in sizes.items() if k not in ("kind", "logit_scale_ln", "texts_of_activations")},
                vocabulary=len(weights["token_embedding.weight"]))
    clip.load_state_dict(weights, strict=True)
    clip.requires_grad_(False)
    names = [name[len("init."):] for name in known if name.startswith("init.") and name != "init.eval.logits"]
    worst = 0.0
    for truncated in (False, True):
        learned = {name: known[f"init.{name}"].clone().requires_grad_() for name in names}
        order = sorted(names, key=lambda name: (len(name.split(".")) > 2, name))
        text = [learned[n] for n in order if "image_encoder" not in n]
        image = [learned[n] for n in order if "image_encoder" in n]
        tokens = known["tokenized_prompts"]
        ends = tokens.argmax(-1)
        if truncated:
            tokens = tokens[:, : int(ends.max()) + 1]
        batch = data["train.images"][0], data["train.labels"][0].long()
        terms = losses(clip, batch, clip.token_embedding(tokens), ends, known["fixed_embeddings"], text, image,
                       (about["trainer_config"]["TEXT_LOSS_WEIGHT"], about["trainer_config"]["IMAGE_LOSS_WEIGHT"]))
        terms["loss_total"].backward()
        for name, value in terms.items():
            expected = about["results"]["step0"][name]
            worst = max(worst, abs(value.item() - expected) / (1e-5 * max(1.0, abs(expected))))
        for name in names:
            expected = known[f"step0.grad.{name}"]
            error = (learned[name].grad - expected).abs().max().item()
            worst = max(worst, error / about["tensors"][f"step0.grad.{name}"]["suggested_atol"])
    print(json.dumps({"case": case, "torch": torch.__version__, "worst_error_in_tolerances": worst}))
    sys.exit(0 if worst <= 1 else 1)


BACKBONES = {
    "ViT-B/32": (224, 32, 768, 12, 12, 512, 12, 8, 512),
    "ViT-B/16": (224, 16, 768, 12, 12, 512, 12, 8, 512),
    "ViT-L/14": (224, 14, 1024, 24, 16, 768, 12, 12, 768),
}


def serve(options):
    """Random weights of a published model's size; names of as many tokens as bench:step has."""
    torch.manual_seed(1)
    torch.set_num_threads(options.threads)
    clip = Clip(*BACKBONES[options.backbone])
    text_width, vision_width = clip.positional_embedding.shape[1], clip.visual.proj.shape[0]
    vectors, depth, name = 4, 9, 3
    length = 1 + vectors + name + 2
    tokens = length if options.truncate else CONTEXT
    embedded = 0.02 * torch.randn(options.classes, tokens, text_width)
    ends = torch.full((options.classes,), length - 1)
    teacher = torch.randn(options.classes, clip.text_projection.shape[1])
    text = [(0.02 * torch.randn(vectors, text_width)).requires_grad_() for _ in range(depth)]
    image = [(0.02 * torch.randn(vectors, vision_width)).requires_grad_() for _ in range(depth)]
    optimizer = torch.optim.SGD(text + image, lr=0.0025, momentum=0.9, weight_decay=5e-4)
    size = BACKBONES[options.backbone][0]
    batch = torch.randn(options.batch, 3, size, size), torch.arange(options.batch) % options.classes
    for line in sys.stdin:
        if line.strip() == "END":
            break
        start = time.perf_counter()
        terms = losses(clip, batch, embedded, ends, teacher, text, image)
        optimizer.zero_grad()
        terms["loss_total"].backward()
        optimizer.step()
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": seconds, "peakRssMb": peak, "torch": torch.__version__}), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", metavar="GOLDEN")
    parser.add_argument("--backbone", default="ViT-B/16", choices=list(BACKBONES))
    parser.add_argument("--classes", type=int, default=50)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--truncate", action="store_true")
    given = parser.parse_args()
    check(given.check) if given.check else serve(given)
