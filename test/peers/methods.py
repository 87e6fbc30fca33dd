"""Methods by their equations. A method has parameters (name -> tensor), and gives loss terms and logits of images."""

import torch
import torch.nn.functional as F


class Method:
    def __init__(self, clip, class_names, config):
        self.clip, self.class_names, self.config = clip, class_names, config

    def terms(self, p, images, labels):
        """Loss terms, of which loss_total is minimised, and the logits of the batch."""
        raise NotImplementedError

    def logits(self, p, images):
        """Logits in evaluation."""
        raise NotImplementedError

    def prompts(self, context):
        """Embedded prompts "CONTEXT NAME." and their tokens."""
        words = self.config["CTX_INIT"] or " ".join("X" * len(context))
        tokens = self.clip.tokens([f"{words} {name.replace('_', ' ')}." for name in self.class_names])
        rows = self.clip.embed(tokens)
        context = context.expand(len(rows), -1, -1)
        return torch.cat([rows[:, :1], context, rows[:, 1 + context.shape[1] :]], 1), tokens

    def draw_context(self):
        words = self.config["CTX_INIT"]
        if words:
            return self.clip.embed(self.clip.tokens([words]))[0, 1 : 1 + len(words.split())].clone()
        return 0.02 * torch.randn(self.config["N_CTX"], self.clip.w["positional_embedding"].shape[1])


class KgCoOp(Method):
    """L = CE + lambda (1 - cos(w, w^clip)) with w^clip of a hand-written template."""

    def draw(self):
        return {"prompt_learner.ctx": self.draw_context()}

    def features(self, p):
        rows, tokens = self.prompts(p["prompt_learner.ctx"])
        return self.clip.text(rows, tokens)

    def logits(self, p, images):
        return self.clip.scale * self.clip.image(images) @ self.features(p).T

    def terms(self, p, images, labels):
        text = self.features(p)
        frozen = self.clip.template_features(self.config["TEMPLATE"], self.class_names)
        logits = self.clip.scale * self.clip.image(images) @ text.T
        ce = F.cross_entropy(logits, labels)
        kg = self.config["W"] * (1 - F.cosine_similarity(text, frozen).mean())
        return {"loss_total": ce + kg, "loss_ce": ce, "loss_kg": kg}, logits


class TCP(KgCoOp):
    """KgCoOp whose context states are replaced, before one block, by tokens made of the class's frozen text feature."""

    def draw(self):
        embed = self.clip.w["text_projection"].shape[1]
        context = self.draw_context()
        n, width = context.shape
        hidden = embed // 4
        uniform = lambda rows, inputs: (2 * torch.rand(rows, inputs) - 1) / inputs**0.5
        net = "prompt_learner.meta_net"
        return {
            "prompt_learner.ctx": context,
            f"{net}.linear1.weight": uniform(hidden, embed),
            f"{net}.linear1.bias": uniform(hidden, embed)[:, 0].clone(),
            f"{net}.linear2.weight": uniform(n * width, hidden),
            f"{net}.linear2.bias": uniform(n * width, hidden)[:, 0].clone(),
        }

    def features(self, p):
        net = "prompt_learner.meta_net"
        frozen = self.clip.template_features(self.config["TEMPLATE"], self.class_names)
        hidden = frozen @ p[f"{net}.linear1.weight"].T + p[f"{net}.linear1.bias"]
        hidden = hidden * torch.sigmoid(1.702 * hidden)
        own = hidden @ p[f"{net}.linear2.weight"].T + p[f"{net}.linear2.bias"]
        context = p["prompt_learner.ctx"]
        n = len(context)
        own = own.reshape(len(self.class_names), n, -1)

        def before_block(i, x):
            if i != self.config["BLOCK"] - 1:
                return x
            return torch.cat([x[:, :1], own, x[:, 1 + n :]], 1)

        rows, tokens = self.prompts(context)
        return self.clip.text(rows, tokens, before_block)


METHODS = {method.__name__: method for method in (KgCoOp, TCP)}
