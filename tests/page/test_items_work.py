"""What the assistant does on its way: workflows, tasks, pictures, progress, notices, effects, errors."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.page.events import added, assistant, custom, done, item, update, user
from tests.page.scripted import Script

PICTURE = "data:image/png;base64,"
SOURCES = [
    {"type": "url", "title": "A page", "url": "https://example.com/a"},
    {"type": "file", "title": "Notes", "filename": "notes.txt"},
]


def workflow(id: str = "w", **fields: Any) -> dict[str, Any]:
    return item("workflow", id, workflow={"type": "custom", "tasks": [], "expanded": False, **fields})


def titles(tab: Page) -> Locator:
    return tab.locator("ck-workflow ck-task .title")


def test_a_workflow_shows_its_tasks_as_they_come(script: Script, tab: Page) -> None:
    script.show(tab)
    turn = script.say(tab)
    turn.send(added(workflow(tasks=[custom("Plan", status_indicator="loading", icon="bolt")])))
    summary = tab.locator("ck-workflow [part=workflow-summary]")
    expect(summary).to_have_text("Working…")
    expect(titles(tab)).to_have_text(["Plan"])
    expect(tab.locator("ck-task").get_by_text("In progress")).to_have_count(1)
    turn.send(
        update(
            "w", "workflow.task.updated", task_index=0, task=custom("Planned", status_indicator="complete")
        ),
        update("w", "workflow.task.added", task_index=1, task=custom("Write", content="Some **words**.")),
    )
    expect(titles(tab)).to_have_text(["Planned", "Write"])
    expect(tab.locator("ck-task").get_by_text("In progress")).to_have_count(0)
    expect(tab.locator("ck-task").get_by_text("Done")).to_have_count(1)
    expect(tab.locator("ck-task strong")).to_have_text("words")
    finished = [custom("Planned"), custom("Written")]
    turn.end(done(workflow(tasks=finished, summary={"title": "All done", "icon": "check"})))
    expect(summary).to_have_text("All done")
    expect(summary).to_have_attribute("aria-expanded", "false")
    expect(titles(tab).first).not_to_be_visible()
    summary.click()
    expect(titles(tab)).to_have_text(["Planned", "Written"])
    expect(titles(tab).first).to_be_visible()


def test_a_task_of_each_kind_says_what_it_is_about(script: Script, tab: Page) -> None:
    tasks = [
        {
            "type": "web_search",
            "title_query": "tea",
            "queries": ["green tea", "black tea"],
            "sources": SOURCES,
        },
        {"type": "web_search", "status_indicator": "loading"},
        {"type": "thought", "content": "I *think*."},
        {"type": "file", "sources": SOURCES[1:]},
        {"type": "image", "title": "Drawing a cup"},
        {"type": "dream", "title": "Of a kind that is newer"},
    ]
    script.open(tab, user("u"), workflow(tasks=tasks, expanded=True))
    expected = [
        "Searched for “tea”",
        "Searching the web…",
        "Read files",
        "Drawing a cup",
        "Of a kind that is newer",
    ]
    expect(titles(tab)).to_have_text(expected)
    expect(tab.locator("ck-task .queries li")).to_have_text(["green tea", "black tea"])
    expect(tab.locator("ck-task em")).to_have_text("think")
    chips = tab.locator("ck-task [part=source-chip] .name")
    expect(chips).to_have_text(["A page", "Notes", "Notes"])
    expect(tab.get_by_role("link", name="A page")).to_have_attribute("href", "https://example.com/a")


@pytest.mark.parametrize(
    ("fields", "summary"),
    [
        ({"type": "reasoning", "summary": {"duration": 12}}, "Thought for 12 seconds"),
        ({"type": "reasoning", "summary": {"duration": 0}}, "Thought for a moment"),
        ({"summary": {"duration": 3665}}, "Worked for 1 hour, 1 minute"),
        ({"summary": {"title": "Done", "duration": 3}}, "Done"),
        ({"type": "reasoning"}, "Thoughts"),
        ({}, "Steps"),
    ],
)
def test_the_summary_of_a_workflow_is_its_title_or_its_duration(
    script: Script, tab: Page, fields: dict[str, Any], summary: str
) -> None:
    script.open(tab, user("u"), workflow(tasks=[custom("One")], **fields))
    expect(tab.locator("ck-workflow [part=workflow-summary]")).to_have_text(summary)


def test_thoughts_grow_while_the_model_thinks(script: Script, tab: Page) -> None:
    script.show(tab)
    turn = script.say(tab)
    turn.send(added(workflow(type="reasoning")))
    expect(tab.locator("ck-workflow .words")).to_have_text("Thinking…")
    for content in ("First", "First I", "First I think."):
        kind = "added" if content == "First" else "updated"
        thought = {"type": "thought", "content": content}
        turn.send(update("w", f"workflow.task.{kind}", task_index=0, task=thought))
        expect(tab.locator("ck-workflow ck-markdown .body")).to_have_text(content)
    turn.end(
        done(workflow(type="reasoning", tasks=[thought], summary={"duration": 2})),
        done(assistant("a", "So.")),
    )
    expect(tab.locator("ck-workflow .words")).to_have_text("Thought for 2 seconds")
    expect(tab.locator("ck-workflow ck-task")).not_to_be_visible()


def test_a_generated_picture_comes_in_steps(script: Script, tab: Page) -> None:
    script.show(tab)
    turn = script.say(tab)
    turn.send(added(item("generated_image", "g", image=None)))
    expect(tab.locator("ck-generated-image")).to_contain_text("Making an image…")
    address = f"{script.address}/pixel.png"
    for progress in (0.25, 0.5):
        image = {"id": "i", "url": f"{address}?{progress}"}
        turn.send(update("g", "generated_image.updated", image=image, progress=progress))
        expect(tab.locator("ck-generated-image img")).to_have_attribute("src", image["url"])
        expect(tab.get_by_role("progressbar", name="Progress of the image")).to_have_attribute(
            "value", str(progress)
        )
    turn.end(done(item("generated_image", "g", image={"id": "i", "url": address})))
    image_shown = tab.get_by_role("button", name="Open the image in full size")
    expect(image_shown.locator("img")).to_have_js_property("complete", True)
    expect(tab.get_by_role("progressbar")).to_have_count(0)
    image_shown.click()
    expect(tab.get_by_role("dialog", name="Generated image")).to_be_visible()
    with tab.expect_download() as started:
        tab.get_by_role("dialog").get_by_role("link", name="Download").click()
    assert started.value.suggested_filename == "i.png"
    tab.keyboard.press("Escape")
    expect(tab.get_by_role("dialog")).to_have_count(0)
    expect(image_shown).to_be_focused()


def test_progress_is_the_last_word_until_something_is_there(script: Script, tab: Page) -> None:
    script.show(tab)
    turn = script.say(tab)
    line = tab.locator("ck-thread [part=progress]")
    for text in ("Reading…", "Writing…"):
        turn.send({"type": "progress_update", "text": text, "icon": "book-open"})
        expect(line).to_have_text(text)
    turn.send(added(assistant("a", "Here")))
    expect(line).to_have_count(0)
    turn.end(done(assistant("a", "Here it is.")))
    expect(line).to_have_count(0)


def test_notices_stand_by_their_turn_until_the_next(script: Script, tab: Page) -> None:
    script.show(tab)
    turn = script.say(tab)
    for level in ("info", "warning", "danger"):
        turn.send({"type": "notice", "level": level, "title": f"Of {level}", "message": "See **this**."})
    turn.end(done(assistant("a", "Yes.")))
    notices = tab.locator("ck-thread [part=notice]")
    expect(notices.locator("strong[dir]")).to_have_text(["Of info", "Of warning", "Of danger"])
    expect(notices.locator("ck-markdown strong")).to_have_text(["this"] * 3)
    colors = notices.evaluate_all(
        "found => new Set(found.map(each => getComputedStyle(each).backgroundColor)).size"
    )
    assert colors == 3
    script.say(tab, "Again").end(done(assistant("b", "Yes.")))
    expect(notices).to_have_count(0)


def test_effects_and_errors_reach_the_page_around(script: Script, tab: Page) -> None:
    script.show(tab)
    turn = script.say(tab)
    turn.send({"type": "client_effect", "name": "confetti", "data": {"color": "red"}})
    turn.end({"type": "error", "code": "custom", "message": "No more.", "allow_retry": False})
    expect(tab.get_by_role("alert").filter(has_text="No more.")).to_be_visible()
    told = tab.evaluate("told")
    assert ["effect", {"name": "confetti", "data": {"color": "red"}}] in told
    assert ["error", "No more."] in told
    assert [name for name, _ in told if name.startswith("response")] == ["response.start", "response.end"]


@pytest.mark.parametrize("message", ["It broke.", None])
@pytest.mark.parametrize("retry", [True, False])
def test_an_error_offers_another_try_where_that_may_help(
    script: Script, tab: Page, message: str | None, retry: bool
) -> None:
    script.show(tab)
    error = {"type": "error", "code": "stream.error", "allow_retry": retry}
    turn = script.say(tab).send(done(assistant("a", "Half")))
    turn.end(error if message is None else {**error, "message": message})
    alert = tab.locator("ck-thread [part=error]")
    expect(alert).to_contain_text(message or "Something went wrong.")
    again = alert.get_by_role("button", name="Try again")
    expect(again).to_have_count(1 if retry else 0)
    if retry:
        again.click()
        script.asked("threads.retry_after_item").end(done(assistant("b", "Whole")))
        expect(tab.locator("ck-answer ck-markdown .body")).to_have_text(["Whole"])
        expect(alert).to_have_count(0)


def test_an_answer_that_may_not_be_stopped_has_no_way_to(script: Script, tab: Page) -> None:
    script.show(tab)
    turn = script.say(tab)
    stop = tab.get_by_role("button", name="Stop")
    expect(stop).to_be_enabled()
    turn.send({"type": "stream_options", "stream_options": {"allow_cancel": False}})
    expect(stop).to_be_disabled()
    turn.send({"type": "stream_options", "stream_options": {"allow_cancel": True}})
    stop.click()
    assert script.cancelled.wait(10)
    turn.end(done(assistant("a", "As far as")))
    expect(tab.get_by_role("button", name="Send")).to_be_visible()
    expect(tab.locator("ck-answer ck-markdown .body")).to_have_text(["As far as"])


def test_tasks_stand_alone_too(script: Script, tab: Page) -> None:
    shown = item("task", "t", task=custom("Alone", content="By *itself*", status_indicator="complete"))
    script.open(tab, user("u"), shown)
    expect(tab.locator("ck-thread ck-task .title")).to_have_text("Alone")
    expect(tab.locator("ck-thread ck-task em")).to_have_text("itself")


def test_many_sources_of_a_search_are_shown_on_demand(script: Script, tab: Page) -> None:
    many = [{"type": "url", "title": f"Page {n}", "url": f"https://example.com/{n}"} for n in range(50)]
    search = {"type": "web_search", "queries": [], "sources": many}
    script.open(tab, user("u"), workflow(tasks=[search], expanded=True))
    expect(tab.locator("[part=source-chip]")).to_have_count(8)
    tab.get_by_role("button", name="Show 42 more").click()
    expect(tab.locator("[part=source-chip]")).to_have_count(50)
