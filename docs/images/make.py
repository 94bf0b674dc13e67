"""Take the pictures of the page.

`llasa serve`, then `python docs/images/make.py [URL]`; needs Chromium and playwright.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
DESK = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 360, "height": 800}, "device_scale_factor": 1.5, "is_mobile": True, "has_touch": True}
PICTURES: dict[str, dict[str, Any]] = {
    "serve-light.png": DESK,
    "serve-dark.png": {**DESK, "color_scheme": "dark"},
    "serve-phone.png": PHONE,
}
QUESTIONS = ("How long was the person walking?", "And lying?", "What happened at 3:20?")


def main() -> None:
    """Take them all."""
    url = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"
    browser_path = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        for name, options in PICTURES.items():
            page = browser.new_context(**options).new_page()
            page.goto(url)
            page.click("text=Five minutes")
            page.wait_for_selector("#plot .nsewdrag", state="attached")
            for question in QUESTIONS if options is not PHONE else QUESTIONS[:1]:
                page.fill("#question", question)
                page.keyboard.press("Enter")
                page.wait_for_selector(".said:last-child:not(.is-coming)", timeout=60_000)
            page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
            page.wait_for_timeout(500)
            page.screenshot(path=HERE / name, full_page=options is PHONE)
        browser.close()


if __name__ == "__main__":
    main()
