"""CLIP in plain PyTorch, as functions over a dictionary of weights in OpenAI's naming; its tokenizer; safetensors files."""

import gzip
import json
import math
import re
import struct

import numpy as np
import torch
import torch.nn.functional as F

DTYPES = {"F16": np.float16, "F32": np.float32, "F64": np.float64, "I64": np.int64}


def read_safetensors(path):
    with gzip.open(path) as file:
        data = file.read()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        start, end = (8 + length + offset for offset in entry["data_offsets"])
        array = np.frombuffer(data[start:end], DTYPES[entry["dtype"]]).reshape(entry["shape"])
        tensors[name] = torch.from_numpy(array.copy())
    return tensors


STORED = {torch.float16: "F16", torch.float32: "F32"}


def write_safetensors(path, tensors):
    """Half precision as such, all else as float32."""
    header, chunks, at = {}, [], 0
    for name, tensor in tensors.items():
        stored = tensor.detach() if tensor.dtype == torch.float16 else tensor.detach().float()
        data = stored.numpy().tobytes()
        header[name] = {"dtype": STORED[stored.dtype], "shape": list(tensor.shape), "data_offsets": [at, at + len(data)]}
        chunks.append(data)
        at += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(gzip.compress(struct.pack("<Q", len(text)) + text + b"".join(chunks), mtime=0))


class Tokenizer:
    """CLIP's byte-pair encoding, for ASCII texts."""

    def __init__(self, merges_path):
        with gzip.open(merges_path, "rt", encoding="utf-8") as file:
            merges = [tuple(line.split()) for line in file.read().split("\n")[1:] if line]
        printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
        symbols = [chr(b) for b in printable] + [chr(256 + i) for i in range(256 - len(printable))]
        vocabulary = symbols + [s + "</w>" for s in symbols] + ["".join(pair) for pair in merges]
        vocabulary += ["<|startoftext|>", "<|endoftext|>"]
        self.ids = {token: i for i, token in enumerate(vocabulary)}
        self.ranks = {pair: i for i, pair in enumerate(merges)}

    def word(self, text):
        parts = [*text[:-1], text[-1] + "</w>"]
        while len(parts) > 1:
            pairs = list(zip(parts, parts[1:]))
            best = min(pairs, key=lambda pair: self.ranks.get(pair, math.inf))
            if best not in self.ranks:
                break
            joined, i = [], 0
            while i < len(parts):
                if i + 1 < len(parts) and (parts[i], parts[i + 1]) == best:
                    joined.append(parts[i] + parts[i + 1])
                    i += 2
                else:
                    joined.append(parts[i])
                    i += 1
            parts = joined
        return [self.ids[part] for part in parts]

    def __call__(self, text):
        """Ids of a text, start and end token included, padded with 0 to 77."""
        words = re.findall(r"'s|'t|'re|'ve|'m|'ll|'d|[a-z]+|[0-9]|[^\sa-z0-9]+", text.lower())
        ids = [self.ids["<|startoftext|>"], *(i for w in words for i in self.word(w)), self.ids["<|endoftext|>"]]
        return ids + [0] * (77 - len(ids))


def norm(w, name, x):
    return F.layer_norm(x, x.shape[-1:], w[f"{name}.weight"], w[f"{name}.bias"])


def block(w, prefix, heads, x, mask=None, exact=False):
    """x + attention(norm(x)), then x + mlp(norm(x)), of sequences [n, tokens, width]; quick GELU or the exact one."""
    n, tokens, width = x.shape
    qkv = norm(w, f"{prefix}.ln_1", x) @ w[f"{prefix}.attn.in_proj_weight"].T + w[f"{prefix}.attn.in_proj_bias"]
    q, k, v = (part.reshape(n, tokens, heads, -1).transpose(1, 2) for part in qkv.split(width, -1))
    scores = q @ k.transpose(-1, -2) / math.sqrt(width // heads)
    if mask is not None:
        scores = scores + mask
    attended = (scores.softmax(-1) @ v).transpose(1, 2).reshape(n, tokens, width)
    x = x + attended @ w[f"{prefix}.attn.out_proj.weight"].T + w[f"{prefix}.attn.out_proj.bias"]
    h = norm(w, f"{prefix}.ln_2", x) @ w[f"{prefix}.mlp.c_fc.weight"].T + w[f"{prefix}.mlp.c_fc.bias"]
    h = F.gelu(h) if exact else h * torch.sigmoid(1.702 * h)
    return x + h @ w[f"{prefix}.mlp.c_proj.weight"].T + w[f"{prefix}.mlp.c_proj.bias"]


class PlainClip:
    exact = False
    # Of a clip, [3 frames, R, R]: the mean of the frames' features, before it is normalised, is the clip's.
    frames = 1

    def __init__(self, weights, sizes, tokenizer, dtype):
        self.w = {name.removeprefix("text."): tensor.to(dtype) for name, tensor in weights.items()}
        self.sizes = sizes
        self.tokenizer = tokenizer
        self.dtype = dtype
        self.scale = self.w["logit_scale"].exp()

    def tokens(self, texts):
        """Ids up to the longest text's end: what follows an end token cannot change what is read there."""
        ids = torch.tensor([self.tokenizer(text) for text in texts])
        return ids[:, : ids.argmax(-1).max() + 1]

    def embed(self, tokens):
        return self.w["token_embedding.weight"][tokens]

    def text(self, rows, tokens, before_block=None, w=None, unit=True):
        """
        Unit features of embedded texts [n, tokens, width], read at their end tokens. `before_block(i, x)` may change the
        states at the input of block i; a sequence that it lengthens moves the end token along.
        """
        w = w or self.w
        x = rows + w["positional_embedding"][: rows.shape[1]]
        for i in range(self.sizes["text_layers"]):
            if before_block:
                x = before_block(i, x)
            mask = torch.full((x.shape[1], x.shape[1]), -math.inf, dtype=self.dtype).triu(1)
            x = block(w, f"transformer.resblocks.{i}", self.sizes["text_heads"], x, mask, self.exact)
        ends = tokens.argmax(-1) + x.shape[1] - tokens.shape[1]
        x = norm(w, "ln_final", x)[torch.arange(len(x)), ends] @ w["text_projection"]
        return F.normalize(x, dim=-1) if unit else x

    def image_tokens(self, images, before_block=None, w=None, in_front=False):
        """
        All tokens behind the last norm: [n, tokens, width]; of clips those of every frame. `in_front` says whether
        `before_block` puts tokens in front of the patches, which only towers whose tokens carry positions in their blocks need to know.
        """
        w = w or self.w
        images = images.reshape(-1, 3, *images.shape[2:])
        x = F.conv2d(images, w["visual.conv1.weight"], stride=self.sizes["patch"]).flatten(2).transpose(1, 2)
        x = torch.cat([w["visual.class_embedding"].expand(len(x), 1, -1), x], 1) + w["visual.positional_embedding"]
        x = norm(w, "visual.ln_pre", x)
        for i in range(self.sizes["vision_layers"]):
            if before_block:
                x = before_block(i, x)
            x = block(w, f"visual.transformer.resblocks.{i}", self.sizes["vision_heads"], x)
        return norm(w, "visual.ln_post", x)

    def entered(self, rows):
        """Visual prompts as they come to the first block: they join the patches in front of the first norm."""
        return norm(self.w, "visual.ln_pre", rows)

    def image(self, images, w=None):
        """Unit features [n, embed_dim]."""
        return F.normalize(self.project(self.image_tokens(images, w=w)[:, 0], w), dim=-1)

    def project(self, rows, w=None, shift=0):
        """
        Features of rows [n, width] by the projection, or by one that is shifted, not normalised: [n, embed_dim]; of clips
        the mean over their frames, [n / frames, embed_dim].
        """
        features = rows @ ((w or self.w)["visual.proj"] + shift)
        return features.reshape(-1, self.frames, features.shape[-1]).mean(1)

    def template_features(self, template, class_names, w=None, unit=True):
        tokens = self.tokens([template.format(name.replace("_", " ")) for name in class_names])
        embedded = (w or self.w)["token_embedding.weight"][tokens]
        return self.text(embedded, tokens, w=w, unit=unit)
