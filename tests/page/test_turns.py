"""Answers that are stopped, left and taken up again, with the network as it ought to be."""

from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.page.talk import answers, box, said, say, shown, start_answer, stop, stored, thread_of


def test_a_stopped_answer_keeps_what_was_said_also_after_a_reload(page: Page) -> None:
    start_answer(page)
    stop(page)
    kept = shown(page)
    assert kept == stored(page, thread_of(page))
    assert kept[1][1].startswith("This is sentence 1 of 40. This is sentence 2")
    page.reload()
    expect(answers(page)).to_have_count(1)
    assert shown(page) == kept
    say(page, "Hello")
    assert [kind for kind, _ in shown(page)] == ["user_message", "assistant_message"] * 2


def test_an_answer_that_is_stopped_before_its_thread_exists_stops_when_it_does(page: Page) -> None:
    held: list[Route] = []
    page.route("**/chatkit", lambda route: held.append(route), times=1)
    box(page).fill("/slow")
    with page.expect_request("**/chatkit"):
        box(page).press("Enter")
    page.locator("[part=stop-button]").click()
    with page.expect_response("**/cancel"):
        held[0].continue_()
    expect(page.locator("[part=send-button]")).to_be_visible()
    expect(said(page)).to_have_text(["/slow"])
    thread = thread_of(page)
    assert stored(page, thread)[0] == ("user_message", "/slow")
    assert page.request.get(f"{page.url.partition('#')[0]}threads/{thread}/stream").status == 204


def test_a_reload_in_mid_answer_goes_on_with_it_to_its_end(page: Page) -> None:
    start_answer(page, "/long")
    thread = thread_of(page)
    page.reload()
    expect(answers(page)).to_have_count(1)
    expect(page.locator("[part=stop-button]")).to_be_visible()
    expect(page.locator("[part=send-button]")).to_be_visible()
    assert shown(page) == stored(page, thread)
    assert shown(page)[1][1].endswith("This is sentence 300 of 300.")
    assert [kind for kind, _ in shown(page)] == ["user_message", "assistant_message"]


def test_another_thread_may_be_opened_while_one_answers(page: Page) -> None:
    say(page, "First")
    first = thread_of(page)
    page.get_by_role("button", name="New chat").click()
    expect(said(page)).to_have_count(0)
    start_answer(page)
    second = thread_of(page)
    page.goto(f"{page.url.partition('#')[0]}#/{first}")
    expect(said(page)).to_have_text(["First"])
    expect(page.locator("[part=send-button]")).to_be_visible()
    say(page, "Second")
    assert [text for kind, text in shown(page) if kind == "user_message"] == ["First", "Second"]
    page.go_back()
    expect(said(page)).to_have_text(["/slow"])
    expect(answers(page)).to_have_count(1)
    stop(page)
    assert shown(page) == stored(page, second)


def test_two_tabs_show_one_thread(visitor: BrowserContext, page: Page, address: str) -> None:
    say(page, "Hello")
    other = visitor.new_page()
    other.goto(page.url)
    expect(said(other)).to_have_text(["Hello"])
    start_answer(page)
    expect(answers(other).last).to_contain_text("This is sentence 2")
    stop(other)
    expect(page.locator("[part=send-button]")).to_be_visible()
    assert shown(page) == shown(other) == stored(page, thread_of(page))
    say(other, "Again")
    expect(said(page)).to_have_text(["Hello", "/slow", "Again"])


def test_an_answer_is_given_again_in_place_of_the_old_one(page: Page) -> None:
    say(page, "One")
    say(page, "Two")
    page.locator("ck-answer-actions").first.get_by_role("button", name="Try again").click()
    expect(said(page)).to_have_text(["One"])
    expect(page.locator("[part=send-button]")).to_be_visible()
    expect(answers(page)).to_have_count(1)
    assert shown(page) == stored(page, thread_of(page))


def test_a_failed_answer_is_tried_again(page: Page) -> None:
    say(page, "/fail")
    failure = page.get_by_role("alert").filter(has=page.get_by_role("button", name="Try again"))
    expect(failure).to_be_visible()
    failure.get_by_role("button", name="Try again").click()
    expect(failure).to_be_hidden()
    expect(failure).to_be_visible()
    assert stored(page, thread_of(page)) == [("user_message", "/fail")]
    say(page, "Hello")
    expect(failure).to_be_hidden()


def test_a_draft_outlives_a_reload_and_belongs_to_its_thread(page: Page) -> None:
    box(page).fill("for a new chat")
    page.reload()
    expect(box(page)).to_have_value("for a new chat")
    say(page, "Hello")
    box(page).fill("for this one")
    page.get_by_role("button", name="New chat").click()
    expect(box(page)).to_have_value("")
    page.go_back()
    expect(box(page)).to_have_value("for this one")
    say(page, "Sent")
    page.reload()
    expect(said(page)).to_have_text(["Hello", "Sent"])
    expect(box(page)).to_have_value("")
