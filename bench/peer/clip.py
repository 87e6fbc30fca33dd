"""CLIP in plain PyTorch: every token of every text and image in every block."""

import math

import torch
from torch import nn

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

    def logits(self, image, text):
        """image: [..., embed], text: [classes, embed], both of length 1."""
        return self.logit_scale.exp() * image @ text.t()


BACKBONES = {
    "ViT-B/32": (224, 32, 768, 12, 12, 512, 12, 8, 512),
    "ViT-B/16": (224, 16, 768, 12, 12, 512, 12, 8, 512),
    "ViT-L/14": (224, 14, 1024, 24, 16, 768, 12, 12, 768),
}
