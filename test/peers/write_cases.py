"""Writes golden cases of methods that are derived here a second time. See README.md."""

import json
import math
import pathlib
import sys

import torch

from methods import METHODS
from plain_clip import PlainClip, Tokenizer, read_safetensors, write_safetensors
from plain_eva import SIZES as EVA_SIZES
from plain_eva import PlainEva, random_weights

ROOT = pathlib.Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "test" / "golden"

ACTIONS = [
    "apply_eye_makeup",
    "archery",
    "baby crawling",
    "Balance_Beam",
    "band marching",
    "brushing_teeth",
    "cliff diving",
    "playing dhol",
    "yo yo",
    "writing on board",
]

SGD = {"NAME": "sgd", "LR": 0.006, "WEIGHT_DECAY": 0.0005}
ADAM = {"NAME": "adam", "LR": 0.002, "WEIGHT_DECAY": 0.0005, "EPS": 1e-3}

CASES = {
    "kgcoop_vit_init4": {
        "method": "KgCoOp",
        "config": {"N_CTX": 4, "CTX_INIT": "a photo of a", "W": 8.0, "TEMPLATE": "a photo of a person doing {}."},
        "optim": SGD,
    },
    "kgcoop_vit_rand3_w1": {
        "method": "KgCoOp",
        "config": {"N_CTX": 3, "CTX_INIT": "", "W": 1.0, "TEMPLATE": "a photo of a {}."},
        "optim": SGD,
    },
    "tcp_vit_init4_last": {
        "method": "TCP",
        "config": {"N_CTX": 4, "CTX_INIT": "a photo of a", "W": 8.0, "BLOCK": 4, "TEMPLATE": "a photo of a {}."},
        "optim": ADAM,
    },
    "tcp_vit_rand3_b2": {
        "method": "TCP",
        "config": {"N_CTX": 3, "CTX_INIT": "", "W": 8.0, "BLOCK": 2, "TEMPLATE": "a photo of a person doing {}."},
        "optim": ADAM,
    },
}

MMRLPP = {"RES_LORA_DIM": 2, "PROJ_LORA_DIM": 8, "ALPHA": 0.7, "REG_WEIGHT": 1.0}
CASES |= {
    "mmrlpp_vit_t5_b2": {
        "method": "MMRLpp",
        "config": {
            **MMRLPP, "N_REP_TOKENS": 5, "REP_DIM": 16, "BLOCK": 2, "BETA": 0.9, "TEMPLATE": "a photo of a {}.",
        },
        "optim": {"NAME": "adamw", "LR": 0.002, "WEIGHT_DECAY": 0.0005, "EPS": 1e-8},
    },
    "mmrlpp_vit_t2_last": {
        "method": "MMRLpp",
        "config": {
            **MMRLPP, "N_REP_TOKENS": 2, "REP_DIM": 16, "BLOCK": 4, "BETA": 0.5, "TEMPLATE": "{} texture.",
        },
        "optim": {"NAME": "adamw", "LR": 0.002, "WEIGHT_DECAY": 0.0005, "EPS": 1e-8},
    },
}

TUNED = {"TEMPLATE": "a photo of a {}.", "TOWERS": "both"}
CASES |= {
    "tuned_vit_layernorm": {
        "method": "Tuned",
        "config": {**TUNED, "TUNED": "layernorm", "WD": 0.01},
        "optim": {"NAME": "adamw", "LR": 0.002, "WEIGHT_DECAY": 0.01, "EPS": 1e-8, "BETAS": [0.9, 0.98]},
    },
    "tuned_vit_bias": {
        "method": "Tuned",
        "clip": "vitB",
        "config": {**TUNED, "TUNED": "bias", "WD": 0.01},
        "optim": {"NAME": "adamw", "LR": 0.002, "WEIGHT_DECAY": 0.01, "EPS": 1e-8, "BETAS": [0.9, 0.98]},
    },
    "tuned_vit_all": {
        "method": "Tuned",
        "clip": "vitB",
        "config": {**TUNED, "TUNED": "all", "TEMPLATE": "a photo of a person doing {}.", "WD": 0.1},
        "optim": {"NAME": "adamw", "LR": 0.0005, "WEIGHT_DECAY": 0.1, "EPS": 1e-8, "BETAS": [0.9, 0.98]},
    },
}

SKIP = {"TEMPLATE": "a photo of a {}.", "SHARE": 0.5, "MOST": 50}
CASES |= {
    "skip_vit_b3": {
        "method": "SkipTuning",
        # Half of ten classes, and the first rank behind them, which the density always keeps.
        "config": {**SKIP, "BLOCK": 3, "SCALE": 0.3, "RANKS": [0, 1, 2, 3, 4, 5]},
        "optim": {**SGD, "LR": 0.002},
    },
    "skip_vit_b2_wide": {
        "method": "SkipTuning",
        "clip": "vitB",
        "config": {**SKIP, "TEMPLATE": "a photo of a person doing {}.", "BLOCK": 2, "SCALE": 5.0, "RANKS": [0, 1, 2, 3, 4, 5, 7]},
        "optim": {**SGD, "LR": 0.002},
    },
}

CASES |= {
    "cliplora_vit_r2": {
        "method": "CLIPLoRA",
        "clip": "vitB",
        "config": {"R": 2, "ALPHA": 1.0, "DROPOUT": 0.0, "TEMPLATE": "a photo of a {}.", "WD": 0.01},
        "optim": {"NAME": "adamw", "LR": 0.002, "WEIGHT_DECAY": 0.01, "EPS": 1e-8},
    },
}

# Of parameters that start from the model, larger ones are not stored: they are seen in logits and losses.
MOST_STORED = 2048

SENTENCES = [
    [
        [0, "A person holds a small brush close to one eye."],
        [1, "An archer draws a bow and looks along the arrow, at a target."],
        [2, "a baby on hands and knees"],
        [9, "Somebody writes with chalk on a large, green board."],
    ],
    [
        [3, "A gymnast turns on a narrow beam above mats."],
        [4, "People in uniform walk in rows and play brass instruments."],
        [1, "archery: a bow, an arrow, a target"],
        [5, "Teeth are brushed before a mirror, with foam at the mouth."],
    ],
    [
        [6, "a jump from a high rock into the sea"],
        [7, "Two sticks beat a drum that hangs from the neck."],
        [8, "A toy on a string falls and climbs again."],
        [0, "colour on eyelids, seen from very near"],
    ],
]
ADAMW_TEXT = {"NAME": "adamw", "LR": 0.01, "WEIGHT_DECAY": 0.1, "EPS": 1e-8, "BETAS": [0.9, 0.98]}
CASES |= {
    "protext_vit_init4_d3": {
        "method": "ProText",
        "config": {
            "N_CTX": 4, "CTX_INIT": "a photo of a", "PROMPT_DEPTH_TEXT": 3, "MATCHING": "mse", "W": 1000.0,
            "SENTENCES": SENTENCES,
        },
        "optim": ADAMW_TEXT,
    },
    "protext_vit_rand6_d4_l1": {
        "method": "ProText",
        "config": {
            "N_CTX": 6, "CTX_INIT": "", "PROMPT_DEPTH_TEXT": 4, "MATCHING": "l1", "W": 1000.0,
            "SENTENCES": SENTENCES,
        },
        "optim": ADAMW_TEXT,
    },
}

PROMPTED = {"N_CTX_VISION": 3, "N_CTX_TEXT": 4, "CTX_INIT": "a photo of a"}
REGULATED = {"TEXT_LOSS_WEIGHT": 25, "IMAGE_LOSS_WEIGHT": 10, "GPA_MEAN": 2, "GPA_STD": 1}
EVA = {"clip": "evaA", "optim": SGD}
CASES |= {
    "ivlp_eva_t4v3_d2": {
        **EVA, "method": "IVLP",
        # The image tower's prompts flow on from its second block.
        "config": {**PROMPTED, "PROMPT_DEPTH_VISION": 2, "PROMPT_DEPTH_TEXT": 2},
    },
    "maple_eva_c3_d2": {
        **EVA, "method": "MaPLe", "config": {"N_CTX": 3, "CTX_INIT": "", "PROMPT_DEPTH": 2},
    },
    "promptsrc_eva_t4v3_dt2dv3": {
        **EVA, "method": "PromptSRC",
        "config": {**PROMPTED, **REGULATED, "PROMPT_DEPTH_VISION": 3, "PROMPT_DEPTH_TEXT": 2},
    },
    "mmrlpp_eva_t3_b2": {
        **EVA, "method": "MMRLpp",
        "config": {
            "RES_LORA_DIM": 2, "PROJ_LORA_DIM": 8, "ALPHA": 0.7, "REG_WEIGHT": 1.0, "N_REP_TOKENS": 3, "REP_DIM": 16,
            "BLOCK": 2, "BETA": 0.6, "TEMPLATE": "{} texture.",
        },
        "optim": {"NAME": "adamw", "LR": 0.002, "WEIGHT_DECAY": 0.0005, "EPS": 1e-8},
    },
    "zs_eva_single_dtd": {**EVA, "method": "ZeroshotCLIP", "dataset": "DescribableTextures", "template": "{} texture."},
}

# Clips: stored images that follow each other are taken as the frames of one, which has the label of its first.
CASES |= {
    "ivlp_vit_clips2": {
        "method": "IVLP", "frames": 2, "optim": SGD,
        "config": {**PROMPTED, "PROMPT_DEPTH_VISION": 2, "PROMPT_DEPTH_TEXT": 3},
    },
    "promptsrc_vit_clips2": {
        "method": "PromptSRC", "frames": 2, "optim": SGD,
        "config": {**PROMPTED, **REGULATED, "PROMPT_DEPTH_VISION": 3, "PROMPT_DEPTH_TEXT": 3},
    },
    "tuned_vit_clips2": {
        "method": "Tuned", "clip": "vitB", "frames": 2,
        "config": {**TUNED, "TUNED": "all", "WD": 0.001},
        "optim": {"NAME": "adamw", "LR": 0.0005, "WEIGHT_DECAY": 0.001, "EPS": 1e-8, "BETAS": [0.9, 0.98]},
    },
    "zs_vit_clips4": {
        "method": "ZeroshotCLIP", "frames": 4, "dataset": "UCF101",
        "template": "a photo of a person doing {}.",
    },
}
PEERS = {"evaA": PlainEva}

OPTIM = {
    "MOMENTUM": 0.9,
    "SGD_DAMPNING": 0,
    "SGD_NESTEROV": False,
    "LR_SCHEDULER": "cosine",
    "MAX_EPOCH": 3,
    "WARMUP_EPOCH": 1,
    "WARMUP_TYPE": "constant",
    "WARMUP_CONS_LR": 1e-3,
    "WARMUP_MIN_LR": 1e-5,
    "WARMUP_RECOUNT": True,
}


def learning_rate(optim, epoch):
    """Of epoch 1, 2, …: constant in the first, then a cosine that counts from there (the schedule of the golden data)."""
    if epoch <= optim["WARMUP_EPOCH"]:
        return optim["WARMUP_CONS_LR"]
    done = epoch - 1 - optim["WARMUP_EPOCH"]
    return optim["LR"] * (1 + math.cos(math.pi * done / optim["MAX_EPOCH"])) / 2


def optimizer_of(optim, parameters, decays):
    if optim["NAME"] == "sgd":
        parameters = parameters.values()
        return torch.optim.SGD(parameters, 1, momentum=optim["MOMENTUM"], weight_decay=optim["WEIGHT_DECAY"])
    kind = torch.optim.Adam if optim["NAME"] == "adam" else torch.optim.AdamW
    groups = [
        {"params": [value], "weight_decay": optim["WEIGHT_DECAY"] if decays(name) else 0}
        for name, value in parameters.items()
    ]
    return kind(groups, 1, eps=optim["EPS"], betas=optim.get("BETAS", (0.9, 0.999)))


def as_clips(data, frames):
    """The stored data with every `frames` images that follow each other as one clip."""
    def clips(name, tensor):
        if name.endswith("labels"):
            return tensor[..., ::frames]
        *before, images, channels, height, width = tensor.shape
        return tensor.reshape(*before, images // frames, frames * channels, height, width)

    return {name: clips(name, tensor) for name, tensor in data.items()}


def zero_shot(case, clip, data):
    rows = clip.image_tokens(data["eval.images"].to(clip.dtype))
    text, image = clip.template_features(case["template"], ACTIONS), clip.project(rows[:, 0])
    logits = clip.scale * torch.nn.functional.normalize(image, dim=-1) @ text.T
    return {"zs.text_features": text, "zs.image_features_raw": image, "eval.logits": logits}, [], {}


def method_of(case, clip):
    templates = json.loads((GOLDEN / "templates.json").read_text())
    config = {**case["config"], "TEMPLATES": templates["imagenet_templates_promptsrc"]}
    return METHODS[case["method"]](clip, ACTIONS, config)


def run(case, optim, data, weights, sizes, tokenizer, initial, dtype):
    """Three epochs over the stored batches: tensors by name, and the figures of every step."""
    clip = PEERS.get(case.get("clip"), PlainClip)(weights, sizes, tokenizer, dtype)
    clip.frames = case.get("frames", 1)
    data = as_clips(data, clip.frames)
    if not optim:
        return zero_shot(case, clip, data)
    method = method_of(case, clip)
    params = {name: value.to(dtype).clone().requires_grad_() for name, value in initial.items()}
    batches, shown = method.batches(data), data["eval.images"].to(dtype)
    tensors = {f"init.{name}": value.detach().clone() for name, value in params.items()}

    def evaluate(name):
        with torch.no_grad():
            tensors[name] = method.logits(params, shown)

    if hasattr(method, "frozen"):
        tensors["fixed_embeddings"] = method.frozen(method.config["TEMPLATES"])
    evaluate("init.eval.logits")
    epochs = []
    optimizer = optimizer_of(optim, params, getattr(method, "decays", lambda name: True))
    steps, first = [], None
    for epoch in range(1, optim["MAX_EPOCH"] + 1):
        rate = learning_rate(optim, epoch)
        for group in optimizer.param_groups:
            group["lr"] = rate
        for batch, (examples, labels) in enumerate(batches):
            terms, logits = method.terms(params, examples, labels)
            optimizer.zero_grad()
            terms["loss_total"].backward()
            if first is None:
                first = {name: term.item() for name, term in terms.items()}
                tensors["step0.logits"] = logits.detach().clone()
                for name, value in params.items():
                    tensors[f"step0.grad.{name}"] = value.grad.clone()
            optimizer.step()
            steps.append({"epoch": epoch, "batch": batch, "lr": rate, "loss": terms["loss_total"].item()})
        epochs.append({name: value.detach().clone() for name, value in params.items()})
        tensors |= {f"epoch{epoch}.{name}": value for name, value in epochs[-1].items()}
        if epoch == optim["MAX_EPOCH"] and hasattr(method, "aggregated"):
            params = method.aggregated(epochs)
            tensors |= {f"gpa.{name}": value for name, value in params.items()}
        evaluate(f"epoch{epoch}.eval.logits")
    return tensors, steps, first


def write(name, case):
    is_zero_shot = case["method"] == "ZeroshotCLIP"
    optim = None if is_zero_shot else {**OPTIM, **case["optim"]}
    model, data_name = case.get("clip", "vitA"), case.get("data", "data_vitA_s4_c10")
    weights = read_safetensors(GOLDEN / "clip" / f"{model}.safetensors.gz")
    sizes = json.loads((GOLDEN / "clip" / "clips.json").read_text())[model]
    data = read_safetensors(GOLDEN / "data" / f"{data_name}.safetensors.gz")
    tokenizer = Tokenizer(ROOT / "assets" / "clip" / "merges.txt.gz")
    torch.manual_seed(sum(name.encode()))
    clip = PEERS.get(model, PlainClip)(weights, sizes, tokenizer, torch.float32)
    initial = None if is_zero_shot else method_of(case, clip).draw()
    given = (case, optim, data, weights, sizes, tokenizer, initial)
    tensors, steps, first = run(*given, torch.float32)
    if getattr(METHODS.get(case["method"]), "starts_from_clip", False):
        kept = lambda name, value: value.numel() <= MOST_STORED and not name.startswith("init.") or "logits" in name
        tensors = {name: value for name, value in tensors.items() if kept(name, value)}
    exact, exact_steps, exact_first = run(*given, torch.float64)
    inventory = {}
    for key, value in tensors.items():
        largest = value.abs().max().item()
        difference = (value.double() - exact[key].double()).abs().max().item()
        inventory[key] = {
            "shape": list(value.shape),
            "dtype": "float32",
            "absmax": largest,
            "fp64_maxabsdiff": difference,
            "suggested_atol": max(20 * difference, 2e-5 * largest),
        }
    document = {
        "name": name,
        "method": case["method"],
        "origin": "test/peers",
        "clip": model,
        **({"frames": case["frames"]} if "frames" in case else {}),
        "class_names": ACTIONS,
        "data": data_name,
        "dataset_name": case.get("dataset"),
        "trainer_config": case.get("config"),
        "optim_config": optim,
        "results": {
            "step0": first,
            "step0_fp64": exact_first,
            "steps": [{**step, "loss_fp64": exact["loss"]} for step, exact in zip(steps, exact_steps)],
        },
        "tensors_file": f"cases/{name}.safetensors.gz",
        "data_file": f"data/{data_name}.safetensors.gz",
        "clip_file": f"clip/{model}.safetensors.gz",
        "tensors": inventory,
    }
    write_safetensors(GOLDEN / "cases" / f"{name}.safetensors.gz", tensors)
    (GOLDEN / "cases" / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n")
    if steps:
        print(f"{name}: loss {steps[0]['loss']:.6f} to {steps[-1]['loss']:.6f}, float64 {exact_steps[-1]['loss']:.6f}")


def write_eva():
    """The small model of the EVA cases, its sizes, and what its image tower computes of two images."""
    tokenizer = Tokenizer(ROOT / "assets" / "clip" / "merges.txt.gz")
    templates = [*json.loads((GOLDEN / "templates.json").read_text())["imagenet_templates_promptsrc"], "{} texture.", "a photo of a {}."]
    names = [name.replace("_", " ") for name in ACTIONS]
    texts = [*(template.format(name) for template in templates for name in names), "X X X", *EVA_SIZES["texts_of_activations"]]
    weights = random_weights(sorted({token for text in texts for token in tokenizer(text)}))
    write_safetensors(GOLDEN / "clip" / "evaA.safetensors.gz", weights)
    path = GOLDEN / "clip" / "clips.json"
    sizes = {**json.loads(path.read_text()), "evaA": EVA_SIZES}
    path.write_text(json.dumps(sizes, indent=1) + "\n")
    clip = PlainEva(weights, EVA_SIZES, tokenizer, torch.float32)
    images = read_safetensors(GOLDEN / "data" / "data_vitA_s4_c10.safetensors.gz")["eval.images"][:2]
    tokens = torch.tensor([tokenizer(text) for text in EVA_SIZES["texts_of_activations"]])
    with torch.no_grad():
        text = clip.template_features("{}", EVA_SIZES["texts_of_activations"], unit=False)
        tensors = {"images": images, "tokens": tokens.float(), **clip.activations(images), "text_features": text}
    write_safetensors(GOLDEN / "clip" / "evaA_activations.safetensors.gz", tensors)


if __name__ == "__main__":
    torch.set_num_threads(1)
    begins = tuple(sys.argv[1:]) or ("",)
    if not (GOLDEN / "clip" / "evaA.safetensors.gz").exists():
        write_eva()
    for name, case in CASES.items():
        if name.startswith(begins):
            write(name, case)
