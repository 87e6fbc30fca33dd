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

    def batches(self, data):
        """What steps are made on: images with their labels, unless a method learns from something else."""
        return list(zip(data["train.images"].to(self.clip.dtype), data["train.labels"].long()))

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


class MMRLpp(Method):
    """Representation tokens behind the first token of both towers, from one block on."""

    def tower(self, name):
        kind = {"v": "vision", "t": "text"}[name]
        return self.clip.sizes[f"{kind}_layers"], self.clip.sizes[f"{kind}_width"]

    def blocks(self):
        return min(self.tower("v")[0], self.tower("t")[0]) - self.config["BLOCK"] + 1

    def draw(self):
        c = self.config
        uniform = lambda rows, inputs: (2 * torch.rand(rows, inputs) - 1) / inputs**0.5
        params = {"representation_learner.compound_rep_tokens": 0.02 * torch.randn(c["N_REP_TOKENS"], c["REP_DIM"])}
        for name in "vt":
            layer, width = f"representation_learner.srra_r2{name}proj", self.tower(name)[1]
            params[f"{layer}.weight"] = uniform(width, c["REP_DIM"])
            bias = uniform(width, c["REP_DIM"])[:, 0]
            for i in range(self.blocks()):
                params[f"{layer}.srra.{i}.bias"] = bias.clone()
                params[f"{layer}.srra.{i}.A"] = uniform(width, c["RES_LORA_DIM"])
                # Not 0, at which the gradients of A are.
                params[f"{layer}.srra.{i}.B"] = 0.02 * torch.randn(c["RES_LORA_DIM"], c["REP_DIM"])
        width, embed = self.tower("v")[1], self.clip.sizes["embed_dim"]
        params["image_encoder.A"] = uniform(width, c["PROJ_LORA_DIM"])
        params["image_encoder.B"] = 0.02 * torch.randn(c["PROJ_LORA_DIM"], embed)
        return params

    def insert(self, p, name):
        """What happens at the input of every block of a tower."""
        layer, n = f"representation_learner.srra_r2{name}proj", self.config["N_REP_TOKENS"]
        beta = self.config["BETA"]

        def before_block(i, x):
            j = i - (self.config["BLOCK"] - 1)
            if not 0 <= j < self.blocks():
                return x
            weight = p[f"{layer}.weight"] + p[f"{layer}.srra.{j}.A"] @ p[f"{layer}.srra.{j}.B"]
            own = p["representation_learner.compound_rep_tokens"] @ weight.T + p[f"{layer}.srra.{j}.bias"]
            own = own.expand(len(x), -1, -1)
            if j == 0:
                return torch.cat([x[:, :1], own, x[:, 1:]], 1)
            return torch.cat([x[:, :1], beta * own + (1 - beta) * x[:, 1 : 1 + n], x[:, 1 + n :]], 1)

        return before_block

    def outputs(self, p, images):
        names = [self.config["TEMPLATE"].format(name.replace("_", " ")) for name in self.class_names]
        tokens = self.clip.tokens(names)
        text = self.clip.text(self.clip.embed(tokens), tokens, self.insert(p, "t"))
        rows = self.clip.image_tokens(images, self.insert(p, "v"), in_front=True)
        n = self.config["N_REP_TOKENS"]
        image = F.normalize(self.clip.project(rows[:, 0]), dim=-1)
        shift = p["image_encoder.A"] @ p["image_encoder.B"]
        represented = F.normalize(self.clip.project(rows[:, 1 : 1 + n].mean(1), shift=shift), dim=-1)
        return text, image, self.clip.scale * image @ text.T, self.clip.scale * represented @ text.T

    def mixed(self, own, tokens):
        return self.config["ALPHA"] * own + (1 - self.config["ALPHA"]) * tokens

    def logits(self, p, images):
        return self.mixed(*self.outputs(p, images)[2:])

    def terms(self, p, images, labels):
        text, image, own, tokens = self.outputs(p, images)
        alpha, weight = self.config["ALPHA"], self.config["REG_WEIGHT"]
        frozen = self.clip.template_features(self.config["TEMPLATE"], self.class_names)
        terms = {
            "loss_ce": alpha * F.cross_entropy(own, labels),
            "loss_ce_tokens": (1 - alpha) * F.cross_entropy(tokens, labels),
            "loss_keep_image": weight * (1 - F.cosine_similarity(image, self.clip.image(images)).mean()),
            "loss_keep_text": weight * (1 - F.cosine_similarity(text, frozen).mean()),
        }
        return {"loss_total": sum(terms.values()), **terms}, self.mixed(own, tokens)


class Tuned(Method):
    """CE with weights of the towers trained: those of a part (all, layernorm, bias) of both towers, of images, of texts."""

    # Where parameters begin is the model; only small ones are stored.
    starts_from_clip = True

    def chosen(self, name):
        part = {
            "all": name not in ("logit_scale", "token_embedding.weight"),
            "layernorm": ".ln_" in f".{name}",
            "bias": name.endswith("bias"),
        }[self.config["TUNED"]]
        tower = "image" if name.startswith("visual.") else "text"
        return part and self.config["TOWERS"] in ("both", tower)

    def draw(self):
        return {name: value.clone() for name, value in self.clip.w.items() if self.chosen(name)}

    def decays(self, name):
        """Whether weight decay shrinks it."""
        return self.clip.w[name].dim() > 1

    def weights(self, p):
        return {**self.clip.w, **p}

    def logits(self, p, images):
        w = self.weights(p)
        text = self.clip.template_features(self.config["TEMPLATE"], self.class_names, w)
        return self.clip.scale * self.clip.image(images, w) @ text.T

    def terms(self, p, images, labels):
        logits = self.logits(p, images)
        return {"loss_total": F.cross_entropy(logits, labels)}, logits


class ProText(Method):
    """Deep text prompts that map a class's name to frozen features of sentences about it: W mean (g_p - g)^2, or mean |g_p - g|."""

    def deep(self, i):
        return f"text_encoder.transformer.resblocks.{i}.VPT_shallow"

    def draw(self):
        n, depth = self.config["N_CTX"], self.config["PROMPT_DEPTH_TEXT"]
        width = self.clip.w["positional_embedding"].shape[1]
        params = {"prompt_learner.ctx": self.draw_context()}
        return params | {self.deep(i): 0.02 * torch.randn(n, width) for i in range(1, depth)}

    def features(self, p):
        n = self.config["N_CTX"]

        def before_block(i, x):
            if self.deep(i) not in p:
                return x
            return torch.cat([x[:, :1], p[self.deep(i)].expand(len(x), -1, -1), x[:, 1 + n :]], 1)

        rows, tokens = self.prompts(p["prompt_learner.ctx"])
        return self.clip.text(rows, tokens, before_block)

    def logits(self, p, images):
        return self.clip.scale * self.clip.image(images) @ self.features(p).T

    def batches(self, data):
        def encoded(pairs):
            tokens = self.clip.tokens([text for _, text in pairs])
            return self.clip.text(self.clip.embed(tokens), tokens), torch.tensor([label for label, _ in pairs])

        return [encoded(pairs) for pairs in self.config["SENTENCES"]]

    def terms(self, p, described, labels):
        text = self.features(p)
        difference = text[labels] - described
        l1 = self.config["MATCHING"] == "l1"
        loss = difference.abs().mean() if l1 else self.config["W"] * (difference**2).mean()
        return {"loss_total": loss}, self.clip.scale * described @ text.T


class CLIPLoRA(Tuned):
    """Products of low rank added to the query, key and value projections of both towers; no dropout."""

    starts_from_clip = False

    def blocks(self):
        ends = ".attn.in_proj_weight"
        return [name[: -len(ends)] for name in self.clip.w if name.endswith(ends)]

    def draw(self):
        params, rank = {}, self.config["R"]
        for block in self.blocks():
            width = self.clip.w[f"{block}.attn.in_proj_weight"].shape[1]
            for part in "qkv":
                name = f"{block}.attn.{part}_proj.w_lora"
                params[f"{name}_A"] = (2 * torch.rand(rank, width) - 1) / width**0.5
                # Not 0, at which the gradients of A are.
                params[f"{name}_B"] = 0.02 * torch.randn(width, rank)
        return params

    def decays(self, name):
        return True

    def weights(self, p):
        w, scaling = dict(self.clip.w), self.config["ALPHA"] / self.config["R"] ** 0.5
        for block in self.blocks():
            name = f"{block}.attn.in_proj_weight"
            added = [p[f"{block}.attn.{part}_proj.w_lora_B"] @ p[f"{block}.attn.{part}_proj.w_lora_A"] for part in "qkv"]
            w[name] = w[name] + scaling * torch.cat(added)
        return w


class SkipTuning(Tuned):
    """
    Blocks from one on, the norms behind them and the projections are trained by CE over the classes that a batch is most
    like: its own first, then by zero-shot CLIP's similarity to the nearest image; RANKS are those that are read.
    """

    def chosen(self, name):
        if ".resblocks." in name:
            return int(name.split(".resblocks.")[1].split(".")[0]) >= self.config["BLOCK"] - 1
        return name.startswith(("ln_final.", "visual.ln_post.")) or name in ("text_projection", "visual.proj")

    def decays(self, name):
        return True

    def terms(self, p, images, labels):
        with torch.no_grad():
            frozen = self.clip.template_features(self.config["TEMPLATE"], self.class_names)
            similarity = self.clip.image(images) @ frozen.T
            likeness = similarity.max(0).values
            likeness[labels] += 4
            order = sorted(range(len(likeness)), key=lambda c: (-likeness[c].item(), c))
            read = torch.tensor([order[rank] for rank in self.config["RANKS"]])
        logits = self.logits(p, images)
        own = torch.stack([(read == label).nonzero()[0, 0] for label in labels])
        loss = F.cross_entropy(logits[:, read], own)
        # A class that was not read has the logit of zero-shot CLIP.
        seen = torch.zeros(len(likeness), dtype=torch.bool)
        seen[read] = True
        return {"loss_total": loss}, torch.where(seen, logits, self.clip.scale * similarity)


class IVLP(Method):
    """Prompts at the input and at the first blocks of both towers, each its own; cross-entropy."""

    def draw(self):
        c = self.config
        width = {"text": self.clip.sizes["text_width"], "image": self.clip.sizes["vision_width"]}
        params = {"prompt_learner.ctx": self.draw_context()}
        n = len(params["prompt_learner.ctx"])
        params["image_encoder.VPT"] = 0.02 * torch.randn(c["N_CTX_VISION"], width["image"])
        for tower, depth, rows in ("image", "VISION", c["N_CTX_VISION"]), ("text", "TEXT", n):
            for i in range(1, c[f"PROMPT_DEPTH_{depth}"]):
                name = f"{tower}_encoder.transformer.resblocks.{i}.VPT_shallow"
                params[name] = 0.02 * torch.randn(rows, width[tower])
        return params

    def deep(self, p, tower):
        prefix = f"{tower}_encoder.transformer.resblocks."
        return [p[name] for name in p if name.startswith(prefix)]

    def features(self, p, images):
        return self.prompted(
            images, p["prompt_learner.ctx"], self.deep(p, "text"), p["image_encoder.VPT"], self.deep(p, "image")
        )

    def prompted(self, images, context, text_deep, visual, visual_deep):
        n, v = len(context), len(visual)

        def text_block(i, x):
            if not 1 <= i <= len(text_deep):
                return x
            return torch.cat([x[:, :1], text_deep[i - 1].expand(len(x), -1, -1), x[:, 1 + n :]], 1)

        def image_block(i, x):
            if i == 0:
                return torch.cat([x, self.clip.entered(visual).expand(len(x), -1, -1)], 1)
            if i > len(visual_deep):
                return x
            return torch.cat([x[:, :-v], visual_deep[i - 1].expand(len(x), -1, -1)], 1)

        rows, tokens = self.prompts(context)
        image = self.clip.project(self.clip.image_tokens(images, image_block)[:, 0])
        return self.clip.text(rows, tokens, text_block), F.normalize(image, dim=-1)

    def logits(self, p, images):
        text, image = self.features(p, images)
        return self.clip.scale * image @ text.T

    def terms(self, p, images, labels):
        logits = self.logits(p, images)
        ce = F.cross_entropy(logits, labels)
        return {"loss_total": ce, "loss_ce": ce}, logits


class MaPLe(IVLP):
    """Text prompts whose linear images are the visual ones."""

    def draw(self):
        text, image = self.clip.sizes["text_width"], self.clip.sizes["vision_width"]
        uniform = lambda rows, inputs: (2 * torch.rand(rows, inputs) - 1) / inputs**0.5
        params = {"prompt_learner.ctx": self.draw_context()}
        n = len(params["prompt_learner.ctx"])
        layers = ["prompt_learner.proj"]
        for i in range(self.config["PROMPT_DEPTH"] - 1):
            params[f"prompt_learner.compound_prompts_text.{i}"] = 0.02 * torch.randn(n, text)
            layers.append(f"prompt_learner.compound_prompt_projections.{i}")
        for layer in layers:
            params[f"{layer}.weight"] = uniform(image, text)
            params[f"{layer}.bias"] = uniform(image, text)[:, 0].clone()
        return params

    def features(self, p, images):
        couple = lambda x, layer: x @ p[f"{layer}.weight"].T + p[f"{layer}.bias"]
        deep = [p[name] for name in p if name.startswith("prompt_learner.compound_prompts_text.")]
        coupled = [couple(x, f"prompt_learner.compound_prompt_projections.{i}") for i, x in enumerate(deep)]
        context = p["prompt_learner.ctx"]
        return self.prompted(images, context, deep, couple(context, "prompt_learner.proj"), coupled)


class PromptSRC(IVLP):
    """IVLP whose features and logits agree with frozen CLIP's; prompts averaged over epochs by a Gaussian."""

    def frozen(self, templates):
        """Mean of the templates' text features, taken before it is normalised."""
        if not hasattr(self, "mean_features"):
            means = [self.clip.template_features(template, self.class_names, unit=False) for template in templates]
            self.mean_features = torch.stack(means).mean(0).detach()
        return self.mean_features

    def terms(self, p, images, labels):
        text, image = self.features(p, images)
        with torch.no_grad():
            frozen_text = F.normalize(self.frozen(self.config["TEMPLATES"]), dim=-1)
            frozen_image = self.clip.image(images)
            frozen_logits = self.clip.scale * frozen_image @ frozen_text.T
        logits = self.clip.scale * image @ text.T
        divergence = F.kl_div(logits.log_softmax(1), frozen_logits.log_softmax(1), reduction="sum", log_target=True)
        terms = {
            "loss_ce": F.cross_entropy(logits, labels),
            "loss_scl_text": self.config["TEXT_LOSS_WEIGHT"] * F.l1_loss(text, frozen_text),
            "loss_scl_image": self.config["IMAGE_LOSS_WEIGHT"] * F.l1_loss(image, frozen_image),
            "loss_scl_logits": divergence / logits.numel(),
        }
        return {"loss_total": sum(terms.values()), **terms}, logits

    def aggregated(self, epochs):
        """The parameters of every epoch as one."""
        mean, std = self.config["GPA_MEAN"], self.config["GPA_STD"]
        weights = torch.tensor([-0.5 * ((i + 1 - mean) / std) ** 2 for i in range(len(epochs))], dtype=torch.float64)
        weights = weights.softmax(0)
        return {name: sum(w.item() * p[name] for w, p in zip(weights, epochs)) for name in epochs[0]}


METHODS = {
    method.__name__: method
    for method in (KgCoOp, TCP, MMRLpp, IVLP, MaPLe, PromptSRC, Tuned, SkipTuning, ProText, CLIPLoRA)
}
