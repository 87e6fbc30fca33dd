"""
EVA-CLIP with the EVA-02 image tower, written the long way from the papers (arXiv 2303.11331, section 2.1, and 2303.15389) over
weights in the names of timm within open_clip; and a small model of random weights.
"""

import math

import torch
import torch.nn.functional as F

from plain_clip import PlainClip

EPSILON = 1e-6
REFERENCE_GRID = 16

SIZES = {
    "kind": "eva02",
    "image": 32,
    "patch": 8,
    "vision_width": 128,
    "vision_layers": 3,
    "vision_heads": 2,
    "vision_inner": 168,
    "text_width": 64,
    "text_layers": 2,
    "text_heads": 1,
    "embed_dim": 32,
    "logit_scale_ln": 4.0,
    "texts_of_activations": ["a photo of a cat.", "a diagram"],
}


def norm(w, name, x):
    return F.layer_norm(x, x.shape[-1:], w[f"{name}.weight"], w[f"{name}.bias"], EPSILON)


def linear(w, name, x):
    return F.linear(x, w[f"{name}.weight"], w.get(f"{name}.bias"))


def angles(grid, head_width, dtype):
    """
    Angle of every pair of neighbouring entries of a head, for the patches of a grid row by row: [grid^2, head_width / 2].
    One half of the pairs turns by the row, the other by the column, counted as if the grid had 16 a side.
    """
    at = torch.arange(grid, dtype=dtype) / grid * REFERENCE_GRID
    quarter = head_width // 4
    speeds = 10000.0 ** (-torch.arange(quarter, dtype=dtype) / quarter)
    turns = at[:, None] * speeds
    rows = turns[:, None, :].expand(grid, grid, quarter)
    columns = turns[None, :, :].expand(grid, grid, quarter)
    return torch.cat([rows, columns], -1).reshape(grid * grid, -1)


def turned(x, angle):
    """Every pair of neighbouring entries as a point of the plane, turned by its angle: x [..., tokens, head_width]."""
    a, b = x[..., 0::2], x[..., 1::2]
    cos, sin = angle.cos(), angle.sin()
    return torch.stack([a * cos - b * sin, b * cos + a * sin], -1).flatten(-2)


class PlainEva(PlainClip):
    exact = True

    def position(self, x, in_front):
        """Angles of all tokens of [n, tokens, width]: the class token and prompts, which may stand in front, have none."""
        grid = self.sizes["image"] // self.sizes["patch"]
        width = self.sizes["vision_width"] // self.sizes["vision_heads"]
        of_patches = angles(grid, width, self.dtype)
        others = x.shape[1] - len(of_patches)
        before = others if in_front else 1
        none = lambda rows: torch.zeros(rows, width // 2, dtype=self.dtype)
        return torch.cat([none(before), of_patches, none(others - before)])

    def image_block(self, w, i, x, angle):
        n, tokens, width = x.shape
        block, heads = f"visual.trunk.blocks.{i}", self.sizes["vision_heads"]
        h = norm(w, f"{block}.norm1", x)
        part = lambda letter: linear(w, f"{block}.attn.{letter}_proj", h).reshape(n, tokens, heads, -1).transpose(1, 2)
        q, k, v = turned(part("q"), angle), turned(part("k"), angle), part("v")
        scores = q @ k.transpose(-1, -2) / math.sqrt(width // heads)
        attended = (scores.softmax(-1) @ v).transpose(1, 2).reshape(n, tokens, width)
        x = x + linear(w, f"{block}.attn.proj", norm(w, f"{block}.attn.norm", attended))
        h = norm(w, f"{block}.norm2", x)
        h = F.silu(linear(w, f"{block}.mlp.fc1_g", h)) * linear(w, f"{block}.mlp.fc1_x", h)
        return x + linear(w, f"{block}.mlp.fc2", norm(w, f"{block}.mlp.norm", h))

    def image_tokens(self, images, before_block=None, w=None, in_front=False, seen=None):
        """As the plain one; inputs and outputs of the blocks are put into `seen`."""
        w = w or self.w
        weight, bias = w["visual.trunk.patch_embed.proj.weight"], w["visual.trunk.patch_embed.proj.bias"]
        maps = F.conv2d(images, weight, bias, stride=self.sizes["patch"])
        x = torch.cat([w["visual.trunk.cls_token"].expand(len(images), -1, -1), maps.flatten(2).transpose(1, 2)], 1)
        x = x + w["visual.trunk.pos_embed"]
        if seen is not None:
            seen |= {"image.conv1": maps, "image.ln_pre": x}
        for i in range(self.sizes["vision_layers"]):
            if before_block:
                x = before_block(i, x)
            x = self.image_block(w, i, x, self.position(x, in_front))
            if seen is not None:
                seen[f"image.resblock{i}"] = x
        return norm(w, "visual.trunk.norm", x)

    def entered(self, rows):
        return rows

    def project(self, rows, w=None, shift=0):
        w = w or self.w
        return rows @ (w["visual.trunk.head.weight"].T + shift) + w["visual.trunk.head.bias"]

    def activations(self, images):
        seen = {}
        rows = self.image_tokens(images, seen=seen)
        return {**seen, "image.ln_post_cls": rows[:, 0], "image_features": self.project(rows[:, 0])}


def random_weights(tokens):
    """Weights in half precision, so that a file keeps them exactly; of the token embeddings those that are used."""
    s = SIZES
    generator = torch.Generator().manual_seed(11)
    normal = lambda *shape, std: std * torch.randn(*shape, generator=generator)
    w = {}

    def linear_layer(name, outputs, inputs, bias=True):
        w[f"{name}.weight"] = normal(outputs, inputs, std=inputs**-0.5)
        if bias:
            w[f"{name}.bias"] = normal(outputs, std=0.1)

    def norm_layer(name, width):
        w[f"{name}.weight"] = 1 + normal(width, std=0.1)
        w[f"{name}.bias"] = normal(width, std=0.1)

    width, inner, patches = s["vision_width"], s["vision_inner"], (s["image"] // s["patch"]) ** 2
    w["visual.trunk.cls_token"] = normal(1, 1, width, std=0.5)
    w["visual.trunk.pos_embed"] = normal(1, 1 + patches, width, std=0.3)
    w["visual.trunk.patch_embed.proj.weight"] = normal(width, 3, s["patch"], s["patch"], std=0.05)
    w["visual.trunk.patch_embed.proj.bias"] = normal(width, std=0.1)
    for i in range(s["vision_layers"]):
        block = f"visual.trunk.blocks.{i}"
        norm_layer(f"{block}.norm1", width)
        linear_layer(f"{block}.attn.q_proj", width, width)
        linear_layer(f"{block}.attn.k_proj", width, width, bias=False)
        linear_layer(f"{block}.attn.v_proj", width, width)
        norm_layer(f"{block}.attn.norm", width)
        linear_layer(f"{block}.attn.proj", width, width)
        norm_layer(f"{block}.norm2", width)
        linear_layer(f"{block}.mlp.fc1_g", inner, width)
        linear_layer(f"{block}.mlp.fc1_x", inner, width)
        norm_layer(f"{block}.mlp.norm", inner)
        linear_layer(f"{block}.mlp.fc2", width, inner)
    norm_layer("visual.trunk.norm", width)
    linear_layer("visual.trunk.head", s["embed_dim"], width)

    width = s["text_width"]
    table = torch.zeros(49408, width)
    table[tokens] = normal(len(tokens), width, std=0.1)
    w["text.token_embedding.weight"] = table
    w["text.positional_embedding"] = normal(77, width, std=0.05)
    for i in range(s["text_layers"]):
        block = f"text.transformer.resblocks.{i}"
        norm_layer(f"{block}.ln_1", width)
        w[f"{block}.attn.in_proj_weight"] = normal(3 * width, width, std=width**-0.5)
        w[f"{block}.attn.in_proj_bias"] = normal(3 * width, std=0.1)
        linear_layer(f"{block}.attn.out_proj", width, width)
        norm_layer(f"{block}.ln_2", width)
        linear_layer(f"{block}.mlp.c_fc", 4 * width, width)
        linear_layer(f"{block}.mlp.c_proj", width, 4 * width)
    norm_layer("text.ln_final", width)
    w["text.text_projection"] = normal(width, s["embed_dim"], std=width**-0.5)
    w["logit_scale"] = torch.tensor(s["logit_scale_ln"])
    return {name: value.half() for name, value in w.items()}
