"""The page in a real browser, headless: a file is dropped, looked at, and asked about."""

from __future__ import annotations

import base64
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from serving import EXAMPLES, TOKEN

from llasa_core.chat.spans import length

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from serving import Running

    from llasa_core.timeline.timeline import Timeline

playwright = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
pytestmark = pytest.mark.browser
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE_MS = 60_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("needs a Chromium")
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def open_page(browser: Any) -> Iterator[Callable[..., Any]]:
    """Return what opens a server's page; in the end nothing must have failed in it, or come from elsewhere."""
    contexts: list[Any] = []
    faults: list[str] = []

    def opened(running: Running, **options: Any) -> Any:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda told: faults.append(told.text) if "Content Security" in told.text else None)
        page.on("request", lambda asked: None if is_ours(asked.url, running.url) else faults.append(asked.url))
        page.goto(running.url)
        page.wait_for_selector("#examples button, dialog[open]")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert faults == []


def is_ours(url: str, server: str) -> bool:
    return url.startswith((f"{server}/", "data:", "blob:"))


def drop(page: Any, path: Path) -> None:
    """Drop a file onto the page, as a hand with a mouse would."""
    page.evaluate(
        """([name, content]) => {
            const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File([bytes], name));
            for (const type of ["dragenter", "dragover", "drop"]) {
                document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
            }
        }""",
        [path.name, base64.b64encode(path.read_bytes()).decode()],
    )


def ask(page: Any, question: str) -> str:
    page.fill("#question", question)
    page.keyboard.press("Enter")
    page.wait_for_selector(".said:last-child:not(.is-coming)")
    return str(page.inner_text(".said:last-child .text"))


def is_drawn(page: Any) -> None:
    page.wait_for_selector("#plot .nsewdrag", state="attached")


def test_a_dropped_file_is_shown_with_its_segments_and_asked_about(
    open_page: Callable[..., Any], server: Running, mix_timeline: Timeline
):
    page = open_page(server)
    walked = length(mix_timeline.totals_s["walking"])

    drop(page, EXAMPLES / "mix.csv")
    is_drawn(page)

    assert page.inner_text("#view-title") == "mix.csv 5 min 0 s"
    assert f"walking {walked}" in page.inner_text("#totals")
    page.click("#segments summary")
    rows = page.locator("#segments tbody tr")
    assert [rows.nth(at).locator("td").nth(2).inner_text() for at in range(rows.count())] == [
        one.activity for one in mix_timeline.segments
    ]

    answer = ask(page, "How long was the person walking?")
    assert answer.startswith(f"The person was walking for {walked}")
    assert page.inner_text(".said .source") == "From the timeline and measurements"
    page.click(".facts button >> nth=1")
    assert page.locator("#segments tr.is-shown td:nth-child(3)").first.inner_text() == "walking"


def test_the_models_own_words_stream_in(open_page: Callable[..., Any], server: Running):
    page = open_page(server)
    page.click("text=Walking")
    is_drawn(page)

    assert len(ask(page, "Describe how the person moves.")) > 0
    assert page.inner_text(".said .source").startswith("In the model's words; it was shown 0:0")


def test_a_moment_that_is_clicked_can_be_asked_about(
    open_page: Callable[..., Any], server: Running, mix_timeline: Timeline
):
    page = open_page(server)
    page.click("text=Five minutes")
    is_drawn(page)
    area = page.locator("#plot .nsewdrag").first.bounding_box()

    page.mouse.click(area["x"] + area["width"] / 2, area["y"] + area["height"] / 2)  # 2:30 of 5:00
    there = mix_timeline.at(150)
    assert there is not None
    assert page.inner_text("#moment span").startswith((f"2:30: {there.activity}, ", f"2:29: {there.activity}, "))
    page.click("#ask-moment")
    page.wait_for_selector(".said:not(.is-coming)")

    assert there.activity in page.inner_text(".said .text").lower()


def test_zooming_in_shows_more_of_less(open_page: Callable[..., Any], server: Running):
    page = open_page(server)
    page.click("text=Five minutes")
    is_drawn(page)

    def hovered() -> str:
        area = page.locator("#plot .nsewdrag").first.bounding_box()
        page.mouse.move(area["x"] + area["width"] * 0.55, area["y"] + 20)
        page.mouse.move(area["x"] + area["width"] * 0.5, area["y"] + 30)
        page.wait_for_selector("#plot .hoverlayer .hovertext")
        return str(page.text_content("#plot .hoverlayer"))

    assert "% sure" in hovered()
    for _ in range(3):
        with page.expect_response("**/signal?**") as answer:
            page.click("#zoom-in")
    assert not answer.value.json()["is_envelope"]
    assert "m/s²" in hovered()
    with page.expect_response("**/signal?**"):
        page.click("#zoom-all")


def test_all_can_be_done_with_the_keyboard(open_page: Callable[..., Any], server: Running):
    page = open_page(server)
    page.focus("#examples button >> nth=1")
    page.keyboard.press("Enter")
    is_drawn(page)
    page.wait_for_function("document.activeElement.id === 'view-title'")

    page.focus("#segments summary")
    page.keyboard.press("Enter")
    page.focus("#segments tbody button >> nth=0")
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.id === 'ask-moment'")
    page.keyboard.press("Enter")
    page.wait_for_selector(".said:not(.is-coming)")

    unnamed = page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, textarea")]
            .filter((one) => !one.textContent.trim() && !one.labels?.length && !one.ariaLabel && !one.title)
            .map((one) => one.outerHTML)"""
    )
    assert unnamed == []
    assert page.get_attribute("#log", "role") == "log"
    assert page.get_attribute("#log", "aria-busy") == "false"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_a_small_phone(open_page: Callable[..., Any], server: Running, scheme: str):
    page = open_page(
        server, viewport={"width": 360, "height": 720}, color_scheme=scheme, has_touch=True, is_mobile=True
    )
    page.click("text=Five minutes")
    is_drawn(page)
    ask(page, "How long was the person walking?")

    assert page.evaluate("document.documentElement.scrollWidth") == 360
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == {"light": "rgb(253, 253, 251)", "dark": "rgb(20, 23, 26)"}[scheme]


def test_what_cannot_be_read_is_said_with_what_to_do(open_page: Callable[..., Any], server: Running, tmp_path: Path):
    (tmp_path / "words.csv").write_text("a,b,c\n" + "x,y,z\n" * 100)
    page = open_page(server)

    drop(page, tmp_path / "words.csv")
    page.wait_for_selector("#error:not([hidden])")

    assert "What to do: " in page.inner_text("#error")
    assert page.is_visible("#examples")


def test_the_timeline_is_saved_as_csv_and_png(open_page: Callable[..., Any], server: Running, tmp_path: Path):
    page = open_page(server, accept_downloads=True)
    page.click("text=Five minutes")
    is_drawn(page)

    saved = []
    for button in ("#save-csv", "#save-png"):
        with page.expect_download() as download:
            page.click(button)
        saved.append(tmp_path / download.value.suggested_filename)
        download.value.save_as(saved[-1])

    assert [path.name for path in saved] == ["mix-timeline.csv", "mix-timeline.png"]
    assert saved[0].read_text().splitlines()[0].startswith("file,recording,start_s,end_s,duration_s,activity,")
    assert saved[1].read_bytes().startswith(b"\x89PNG")


def test_the_page_asks_for_the_token(open_page: Callable[..., Any], guarded: Running):
    page = open_page(guarded)

    for shown in ("wrong-by-far", TOKEN):
        page.fill("#token-value", shown)
        page.keyboard.press("Enter")
        if shown != TOKEN:
            page.wait_for_selector("#token-error:not([hidden])")
    page.wait_for_selector("#examples button")
    page.click("text=Walking")
    is_drawn(page)
