"""Losses of the methods as the original code computes them, equation by equation; parameters p under its names.

  p_T[k], p_I[k]   prompts of the text and the image tower: at the input (k = 0) and at the next blocks, one each
  g(p_T)           unit features of the texts, [classes, embed]
  f(p_I)           unit features of the images, [batch, embed]
"""

from typing import NamedTuple, Optional

import torch
from torch.nn import functional as F

DEPTH = 9
CONTEXT = "prompt_learner.ctx"


class Batch(NamedTuple):
    images: torch.Tensor  # [batch, 3, height, width]
    labels: torch.Tensor  # [batch]
    embedded: torch.Tensor  # [classes, tokens, width], with whatever where context vectors go
    ends: torch.Tensor  # [classes], where the end of the text is
    teacher: Optional[torch.Tensor] = None  # [classes, embed], frozen CLIP's texts; PromptSRC's alone


def text(clip, batch, prompts):
    return F.normalize(clip.text_features(batch.embedded, batch.ends, prompts), dim=-1)


def image(clip, batch, prompts=()):
    return F.normalize(clip.image_features(batch.images, prompts), dim=-1)


def linear(p, name, x):
    return F.linear(x, p[f"{name}.weight"], p[f"{name}.bias"])


def linear_shapes(name, inputs, outputs):
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def numbered(p, name):
    """The parameters of a name with a number in place of {}, in order."""
    return [p[name.format(i)] for i in range(len(p)) if name.format(i) in p]


class CoOp:
    """Learned vectors in front of each class name: t_i = [V]_1 .. [V]_M [CLASS]_i."""

    case = "coop_vit_init_csc_ignored"
    vectors = 16

    def shapes(self, text_width, vision_width, embed_dim):
        return {CONTEXT: (self.vectors, text_width)}

    def losses(self, clip, p, batch):
        logits = clip.logits(image(clip, batch), text(clip, batch, [p[CONTEXT]]))
        return {"loss_total": F.cross_entropy(logits, batch.labels)}


class CoCoOp:
    """A network h moves the vectors for every image x: v_m(x) = v_m + h(x), so that each image has texts of its own."""

    case = "cocoop_vit_init4"
    vectors = 4
    hidden, output = "prompt_learner.meta_net.linear1", "prompt_learner.meta_net.linear2"

    def shapes(self, text_width, vision_width, embed_dim):
        return {
            CONTEXT: (self.vectors, text_width),
            **linear_shapes(self.hidden, embed_dim, embed_dim // 16),
            **linear_shapes(self.output, embed_dim // 16, text_width),
        }

    def losses(self, clip, p, batch):
        images = image(clip, batch)
        shifts = linear(p, self.output, F.relu(linear(p, self.hidden, images)))  # [batch, width]
        logits = [clip.logits(x, text(clip, batch, [p[CONTEXT] + h])) for x, h in zip(images, shifts)]
        return {"loss_total": F.cross_entropy(torch.stack(logits), batch.labels)}


class MaPLe:
    """Prompts of the image tower are made of those of the text tower: p_I[k] = F_k(p_T[k]), with F_k linear."""

    case = "ckpt_maple"
    vectors = 2
    coupling = "prompt_learner.proj"
    deep, deep_coupling = "prompt_learner.compound_prompts_text.{}", "prompt_learner.compound_prompt_projections.{}"

    def shapes(self, text_width, vision_width, embed_dim):
        shapes = {CONTEXT: (self.vectors, text_width), **linear_shapes(self.coupling, text_width, vision_width)}
        for i in range(DEPTH - 1):
            shapes[self.deep.format(i)] = (self.vectors, text_width)
            shapes.update(linear_shapes(self.deep_coupling.format(i), text_width, vision_width))
        return shapes

    def losses(self, clip, p, batch):
        p_t = [p[CONTEXT], *numbered(p, self.deep)]
        couplings = [self.coupling, *(self.deep_coupling.format(i) for i in range(len(p_t) - 1))]
        p_i = [linear(p, name, prompt) for name, prompt in zip(couplings, p_t)]
        logits = clip.logits(image(clip, batch, p_i), text(clip, batch, p_t))
        return {"loss_total": F.cross_entropy(logits, batch.labels)}


class IVLP:
    """Prompts in both towers that know nothing of one another."""

    case = "ivlp_vit_t4v4_d3"
    vectors = 4
    visual, deep = "image_encoder.VPT", "{}_encoder.transformer.resblocks.{{}}.VPT_shallow"

    def shapes(self, text_width, vision_width, embed_dim):
        shapes = {CONTEXT: (self.vectors, text_width), self.visual: (self.vectors, vision_width)}
        for tower, width in ("text", text_width), ("image", vision_width):
            for i in range(1, DEPTH):
                shapes[self.deep.format(tower).format(i)] = (self.vectors, width)
        return shapes

    def features(self, clip, p, batch):
        p_t = [p[CONTEXT], *numbered(p, self.deep.format("text"))]
        p_i = [p[self.visual], *numbered(p, self.deep.format("image"))]
        return image(clip, batch, p_i), text(clip, batch, p_t)

    def losses(self, clip, p, batch):
        logits = clip.logits(*self.features(clip, p, batch))
        return {"loss_total": F.cross_entropy(logits, batch.labels)}


class PromptSRC(IVLP):
    """IVLP's prompts, which agree with frozen CLIP in features and logits (equations 3 to 5)."""

    case = "promptsrc_vit_t4v4_d3"
    text_weight, image_weight = 25.0, 10.0

    def losses(self, clip, p, batch):
        f, g = self.features(clip, p, batch)
        logits = clip.logits(f, g)
        with torch.no_grad():
            frozen_f, frozen_g = image(clip, batch), F.normalize(batch.teacher, dim=-1)
            frozen_logits = clip.logits(frozen_f, frozen_g)
        terms = {
            "loss_ce": F.cross_entropy(logits, batch.labels),
            "loss_scl_text": self.text_weight * F.l1_loss(g, frozen_g),
            "loss_scl_image": self.image_weight * F.l1_loss(f, frozen_f),
            "loss_scl_logits": F.kl_div(F.log_softmax(logits, 1), F.log_softmax(frozen_logits, 1), reduction="sum",
                                        log_target=True) / logits.numel(),
        }
        return {**terms, "loss_total": sum(terms.values())}


METHODS = {"promptsrc": PromptSRC(), "coop": CoOp(), "cocoop": CoCoOp(), "maple": MaPLe(), "ivlp": IVLP()}
