"""The page in a real browser: what is seen, read out, and reached by the keyboard."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import wraps
from typing import Any

import pytest

pytest.importorskip("aiohttp", reason="aiohttp is not installed")

from chromium import Tab, find_chromium, open_tab
from view_rig import Rig, jpeg, serving, until

from segmentation_node.core.labels import CAMVID_11
from segmentation_node.view.status import page_status

VALUES = {
    "input_topic": "/sensing/camera/front_center/image_raw",
    "rate_hz": "29.93",
    "frame_budget_ms": "33.333",
    "inference_p50_ms": "9.612",
    "inference_p95_ms": "11.2",
    "inference_p99_ms": "12.9",
    "model": "fcn4s-lite0-rendered, a name of some length that has to be broken somewhere",
}
CLASSES = [{"name": one.name, "color": list(one.color)} for one in CAMVID_11.labels]

# WCAG 2.2, success criterion 1.4.3: the contrast of each text with what lies behind it.
CONTRAST = """
(() => {
  const light = (text) => {
    const [r, g, b] = text.match(/[\\d.]+/g).slice(0, 3).map((v) => v / 255).map(
      (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    const color = getComputedStyle(node).backgroundColor;
    return color === "rgba(0, 0, 0, 0)" && node.parentElement ? behind(node.parentElement) : color;
  };
  const found = {};
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !node.checkVisibility()) continue;
    const pair = [light(getComputedStyle(node).color), light(behind(node))].sort((a, b) => b - a);
    found[node.tagName + " " + node.id + node.className] = (pair[0] + 0.05) / (pair[1] + 0.05);
  }
  return found;
})()
"""


def in_a_browser(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    @wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        find_chromium()
        asyncio.run(test(*args, **kwargs))

    return run


def tell_all(rig: Rig, level: int = 0, message: str = "29.9 frames/s") -> None:
    rig.source.tell("status", **page_status(level, message, VALUES, 60.0))
    rig.source.tell("legend", classes=CLASSES)
    rig.source.tell("timing", total_ms=[17.0, 18.5, 40.25])


@asynccontextmanager
async def page() -> AsyncIterator[tuple[Rig, Tab]]:
    """The page with everything on it."""
    async with serving() as rig, open_tab(rig.address) as tab:
        await until(lambda: rig.source.looks == [True])
        tell_all(rig)
        for stream, value in (("input", 200), ("overlay", 90)):
            rig.source.show(stream, jpeg(value, 72, 128))
            await tab.until(f"!document.getElementById('{stream}').hidden")
        await tab.until("document.querySelectorAll('#legend .chip').length > 0")
        yield rig, tab


@in_a_browser
async def test_pictures_legend_and_timing_are_shown_and_nothing_is_asked_of_others() -> None:
    async with page() as (rig, tab):
        names = await tab.ask("[...document.querySelectorAll('#legend li')].map(n => n.innerText)")
        assert names == [one["name"] for one in CLASSES]
        first = await tab.ask("getComputedStyle(document.querySelector('.chip')).backgroundColor")
        assert first == f"rgb({', '.join(map(str, CLASSES[0]['color']))})"
        text = await tab.ask("document.body.innerText")
        for part in (
            *("/segmentation_node", "Working: no complaints", "29.9 frames/s"),
            *("inference\t9.6\t11.2\t12.9", "17.0 to 40.3 ms over the latest 3 frames"),
        ):
            assert part in text
        for value in (0, 40, 80):
            rig.source.show("overlay", jpeg(value, 72, 128))
        await tab.until("/ shown\\/s/.test(document.getElementById('overlay-rate').innerText)")
        assert tab.complaints == []
        own = (rig.address, "blob:" + rig.origin)
        assert [one for one in tab.requested if not one.startswith(own)] == []


@in_a_browser
async def test_every_picture_has_a_text_and_every_section_a_heading() -> None:
    async with page() as (_, tab):
        nodes = (await tab.call("Accessibility.getFullAXTree"))["nodes"]

        def named(role: str) -> list[str]:
            roles = [one for one in nodes if one.get("role", {}).get("value") == role]
            return [one["name"]["value"] for one in roles if not one.get("ignored")]

        assert [*named("image")][:2] == [
            "Camera image with the classes laid over it",
            "Camera image as the node gets it",
        ]
        assert all(named("image"))
        headings = ["Pictures", "Legend", "Timing", "Diagnostics"]
        assert named("heading") == ["Segmentation view /segmentation_node", *headings]
        assert set(named("region")) == {*headings, "Time of each stage"}
        assert named("button") == ["Pause"]
        assert await tab.ask("document.documentElement.lang") == "en"


@in_a_browser
async def test_it_is_paused_and_resumed_by_the_keyboard() -> None:
    async with page() as (rig, tab):
        await tab.press("Tab")
        assert await tab.ask("document.activeElement.id") == "pause"
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        assert await tab.ask(outline) == "solid"
        await tab.press("Enter")
        await until(lambda: rig.source.looks == [True, False])
        assert await tab.ask("document.activeElement.getAttribute('aria-pressed')") == "true"
        await tab.press(" ")
        await until(lambda: rig.source.looks == [True, False, True])
        await tab.press("Tab")
        assert await tab.ask("document.activeElement.className") == "scroll"
        await tab.press("Tab")
        await tab.press("Enter")
        await tab.until("document.querySelector('details').open")


@in_a_browser
async def test_a_tab_that_nobody_sees_asks_for_no_pictures() -> None:
    async with page() as (rig, tab):
        for hidden in ("true", "false"):
            how = f"{{value: {hidden}, configurable: true}}"
            await tab.ask(f"Object.defineProperty(document, 'hidden', {how}) && null")
            await tab.ask("document.dispatchEvent(new Event('visibilitychange'))")
        await until(lambda: rig.source.looks == [True, False, True])


@in_a_browser
async def test_text_stands_out_from_what_lies_behind_it_by_day_and_night() -> None:
    async with page() as (rig, tab):
        for scheme, level in itertools.product(("light", "dark"), range(4)):
            await tab.look_like(1280, 900, scheme)
            tell_all(rig, level, "3 frames over the deadline")
            await tab.until(f"document.getElementById('state').dataset.level === '{level}'")
            paper = await tab.ask("getComputedStyle(document.body).backgroundColor")
            assert (paper == "rgb(255, 255, 255)") is (scheme == "light")
            contrasts = await tab.ask(CONTRAST)
            assert len(contrasts) > 10
            assert {what: ratio for what, ratio in contrasts.items() if ratio < 4.5} == {}


@in_a_browser
async def test_nothing_is_wider_than_the_screen() -> None:
    async with page() as (_, tab):
        await tab.ask("document.querySelector('details').open = true")
        for width in (320, 390, 768, 1600):
            await tab.look_like(width, 800)
            assert await tab.ask("document.documentElement.scrollWidth") <= width
            across = "document.querySelectorAll('.pictures figure')[1].offsetLeft > 100"
            assert await tab.ask(across) is (width >= 960)


@in_a_browser
async def test_what_the_node_complains_of_is_said_and_so_is_a_lost_connection() -> None:
    async with page() as (rig, tab):
        state = "document.getElementById('state')"
        for level, text in ((1, "3 frames skipped"), (1, "4 frames skipped"), (2, "engine failed")):
            rig.source.tell("status", **page_status(level, text, VALUES, 60.0))
            await tab.until(f"{state}.innerText === '{text}'")
            # Read out when things turn, and not at every count.
            spoken = await tab.ask("document.querySelector('[role=status]').textContent")
            assert spoken == text.replace("4", "3")
        rig.source.tell("fault input", stream="input", text="an encoding that nobody knows")
        await tab.until("document.body.innerText.includes('an encoding that nobody knows')")
        rig.source.tell("fault input", stream="input", text="")
        await tab.until("!document.body.innerText.includes('an encoding that nobody knows')")
        rig.source.tell("fault legend", stream="legend", text="a legend that is none")
        await tab.until("document.body.innerText.includes('a legend that is none')")
        # What was known before is still there.
        assert await tab.ask("document.querySelectorAll('#legend .chip').length") == len(CLASSES)
        rig.source.tell("fault legend", stream="legend", text="")
        await tab.until("!document.body.innerText.includes('a legend that is none')")
        rig.stop.set()
        await tab.until(f"{state}.innerText.startsWith('No connection')")


@in_a_browser
async def test_a_picture_that_is_none_is_said_and_the_next_one_shown() -> None:
    async with page() as (rig, tab):
        rig.source.show("input", b"\xff\xd8 no picture at all")
        await tab.until("document.body.innerText.includes('could not be shown')")
        rig.source.show("input", jpeg(1, 72, 128))
        await tab.until("!document.body.innerText.includes('could not be shown')")


@in_a_browser
async def test_a_page_from_elsewhere_cannot_open_the_socket() -> None:
    async with serving() as rig, open_tab("about:blank") as tab:
        opening = (
            "new Promise((done) => {"
            f"const socket = new WebSocket('{rig.address.replace('http', 'ws')}live');"
            "socket.onopen = () => done('open'); socket.onerror = () => done('refused'); })"
        )
        assert await tab.ask(opening) == "refused"
        assert rig.source.looks == []
