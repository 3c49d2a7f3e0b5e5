"""Files that go to an object store, and pages of another origin than the server's."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, Request, expect

from tests.browser import App
from tests.page.test_page import site
from tests.page.test_uploads import NOTES, PICTURE, arrived, choose, outgoing, problems, sees_picture, send
from tests.s3 import Bucket


def settings_of(bucket: Bucket) -> dict[str, str]:
    return {f"CHATKIT_{name.upper()}": value for name, value in bucket.settings().items()}


def test_a_file_goes_to_the_object_store_and_comes_from_there(
    start: Callable[..., App], bucket: Bucket, tab: Page
) -> None:
    asked: list[Request] = []
    tab.on("request", lambda request: asked.append(request))
    tab.goto(start(settings_of(bucket)).address)
    choose(tab, PICTURE, NOTES)
    arrived(tab, 2)
    puts = [request.url for request in asked if request.method == "PUT"]
    assert len(puts) == 2
    assert all(url.startswith(bucket.access.endpoint) for url in puts)
    assert len(bucket.names()) >= 2
    send(tab, "Look")
    sees_picture(tab)
    expect(tab.locator("ck-answer")).to_be_visible()
    tab.reload()
    sees_picture(tab)
    expect(tab.locator("ck-user-message .file")).to_contain_text("notes.txt")


@pytest.mark.parametrize("strategy", ["{type: 'two_phase'}", "{type: 'direct', uploadUrl: base + '/files'}"])
def test_a_page_of_another_origin_sends_files(
    start: Callable[..., App], visitor: BrowserContext, strategy: str
) -> None:
    with site("<title>Another origin</title><openai-chatkit></openai-chatkit>") as origin:
        base = start({"CHATKIT_CORS_ORIGINS": origin}).address
        page = visitor.new_page()
        page.goto(origin)
        page.add_script_tag(url=f"{base}/chatkit.js")
        page.evaluate("customElements.whenDefined('openai-chatkit')")
        page.evaluate(
            f"""base => document.querySelector('openai-chatkit').setOptions({{
                api: {{url: base + '/chatkit', domainKey: '', uploadStrategy: {strategy}}},
                composer: {{attachments: {{enabled: true}}}},
            }})""",
            base,
        )
        choose(page, PICTURE)
        arrived(page)
        expect(problems(page).locator("li")).to_have_count(0)
        send(page, "Look")
        expect(outgoing(page)).to_have_count(0)
        sees_picture(page)
