"""Files in messages: how they get to the server, what is refused, and how they look in the thread."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.browser import PIXEL
from tests.page.scripted import Script

PICTURE: FilePayload = {"name": "dot.png", "mimeType": "image/png", "buffer": PIXEL}
NOTES: FilePayload = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"Some notes"}
HELD = """(place, [type, {name, kind, bytes}]) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], name, {type: kind}));
  const options = {bubbles: true, composed: true, cancelable: true};
  const event = type === 'paste'
    ? new ClipboardEvent(type, {clipboardData: data, ...options})
    : new DragEvent(type, {dataTransfer: data, ...options});
  return !place.dispatchEvent(event);
}"""


def choose(page: Page, *files: FilePayload) -> None:
    page.locator("ck-composer input[type=file]").set_input_files(list(files))


def outgoing(page: Page) -> Locator:
    """The files of the message that is being written."""
    return page.locator("ck-composer-files [part=file]")


def arrived(page: Page, count: int = 1) -> None:
    """Wait until so many files are there and none is on its way."""
    expect(outgoing(page)).to_have_count(count)
    expect(page.locator("ck-composer-files").get_by_role("progressbar")).to_have_count(0)


def send(page: Page, text: str = "") -> None:
    page.get_by_role("textbox", name="Message").fill(text)
    page.get_by_role("button", name="Send", exact=True).click()


def problems(page: Page) -> Locator:
    return page.locator("ck-composer").get_by_role("alert")


def sees_picture(page: Page, name: str = "dot.png") -> None:
    picture = page.locator("ck-user-message img")
    expect(picture).to_have_attribute("alt", name)
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("picture => picture.decode().then(() => picture.naturalWidth)") > 0


def hold(place: Locator, event: str, file: FilePayload) -> bool:
    """Whether the page does something about a file that comes by `event`: else the browser would open it."""
    given = {"name": file["name"], "kind": file["mimeType"], "bytes": list(file["buffer"])}
    taken: bool = place.evaluate(HELD, [event, given])
    return taken


def use(page: Page, options: str, api: str = "domainKey: ''") -> None:
    """Set other options than those of the page, once it has its own."""
    page.wait_for_load_state("networkidle")
    given = f"{{api: {{url: 'chatkit', {api}}}, {options}}}"
    page.evaluate(f"() => document.querySelector('openai-chatkit').setOptions({given})")


def test_files_are_sent_and_are_there_when_the_thread_is_opened_again(page: Page) -> None:
    choose(page, PICTURE, NOTES)
    arrived(page, 2)
    expect(outgoing(page).locator("img")).to_have_js_property("complete", True)
    send(page, "Look")
    for _ in range(2):
        expect(page.locator("ck-user-message [part=attachment]")).to_have_count(2)
        sees_picture(page)
        expect(page.locator("ck-user-message .file")).to_contain_text("notes.txt")
        expect(page.locator("ck-answer")).to_be_visible()
        page.reload()
    expect(outgoing(page)).to_have_count(0)


def test_a_picture_opens_and_is_saved_under_its_name(page: Page) -> None:
    choose(page, PICTURE)
    arrived(page)
    send(page)
    expect(page.locator("ck-user-message .bubble")).to_have_count(0)
    page.get_by_role("button", name="Open dot.png in full size").click()
    with page.expect_download() as started:
        page.get_by_role("dialog").get_by_role("link", name="Download").click()
    assert re.fullmatch(r"dot\.(png|webp)", started.value.suggested_filename)


def test_a_file_goes_in_one_step_where_the_page_says_so(page: Page) -> None:
    strategy = "uploadStrategy: {type: 'direct', uploadUrl: 'files'}, domainKey: ''"
    use(page, "composer: {attachments: {enabled: true}}", strategy)
    with page.expect_request(lambda request: request.url.endswith("/files")) as asked:
        choose(page, PICTURE)
    assert asked.value.method == "POST"
    arrived(page)
    send(page, "Look")
    sees_picture(page)


def test_files_are_pasted(page: Page) -> None:
    assert hold(page.get_by_role("textbox", name="Message"), "paste", PICTURE)
    arrived(page)
    send(page, "Look")
    sees_picture(page)


@pytest.mark.parametrize("place", ["ck-composer .frame", "ck-start [part=greeting]", "ck-header header"])
def test_files_are_dropped_anywhere_on_the_chat(page: Page, place: str) -> None:
    over = page.locator(place)
    assert hold(over, "dragover", PICTURE)
    expect(page.get_by_text("Drop files here")).to_be_visible()
    hold(over, "dragleave", PICTURE)
    expect(page.get_by_text("Drop files here")).to_have_count(0)
    assert hold(over, "dragover", PICTURE)
    assert hold(over, "drop", PICTURE)
    expect(page.get_by_text("Drop files here")).to_have_count(0)
    arrived(page)
    send(page, "Look")
    sees_picture(page)


def test_files_are_not_taken_where_there_are_none(page: Page) -> None:
    use(page, "composer: {}")
    expect(page.get_by_role("button", name="Add files")).to_have_count(0)
    assert not hold(page.locator("ck-start [part=greeting]"), "dragover", PICTURE)
    hold(page.get_by_role("textbox", name="Message"), "paste", PICTURE)
    expect(outgoing(page)).to_have_count(0)


def test_a_file_that_is_taken_out_is_forgotten_by_the_server(page: Page) -> None:
    choose(page, PICTURE, NOTES)
    arrived(page, 2)
    with page.expect_response(
        lambda answer: "attachments.delete" in (answer.request.post_data or "")
    ) as deleted:
        page.get_by_role("button", name="Remove notes.txt").click()
    assert deleted.value.json() == {}
    arrived(page, 1)
    send(page, "Look")
    expect(page.locator("ck-user-message [part=attachment]")).to_have_count(1)


LIMITS = "{enabled: true, maxSize: 2000, maxCount: 2, accept: {'text/plain': ['.txt', '.md']}}"


def test_what_the_page_does_not_take_is_not_sent(page: Page) -> None:
    use(page, f"composer: {{attachments: {LIMITS}}}")
    page.on("request", lambda request: pytest.fail(request.url) if request.method == "PUT" else None)
    for file, words in (
        ({**NOTES, "buffer": b"x" * 2001}, "notes.txt is too large: files may have up to 2 kB"),
        (PICTURE, "dot.png is of a kind that cannot be sent here."),
        (
            {**NOTES, "name": "x.pdf", "mimeType": "application/pdf"},
            "x.pdf is of a kind that cannot be sent here.",
        ),
    ):
        choose(page, file)  # type: ignore[arg-type]  # it is one
        expect(problems(page)).to_contain_text(words)
    expect(outgoing(page)).to_have_count(0)


def test_a_message_has_only_so_many_files(page: Page) -> None:
    use(page, f"composer: {{attachments: {LIMITS}}}")
    names = ("a.txt", "b.md", "c.txt")
    files: list[FilePayload] = [{"name": name, "mimeType": "", "buffer": b"x"} for name in names]
    choose(page, *files)
    expect(problems(page)).to_have_text("A message may have up to 2 files.")
    arrived(page, 2)


STRICT = {"CHATKIT_MAX_UPLOAD_BYTES": "1000", "CHATKIT_UPLOAD_TYPES": "image/*"}


@pytest.mark.parametrize("address", [STRICT], indirect=True)
def test_the_server_s_refusal_is_shown_in_its_words(page: Page, tolerated: list[str]) -> None:
    tolerated += ["400", "413", "415", "422"]
    for file in ({**PICTURE, "buffer": PIXEL + bytes(1000)}, NOTES):
        choose(page, file)  # type: ignore[arg-type]  # it is one
        expect(problems(page)).to_contain_text(f"{file['name']}: ")
        assert re.search(r"large|bytes|type|allowed|kind", problems(page).inner_text())
    expect(outgoing(page)).to_have_count(0)
    choose(page, PICTURE)
    arrived(page)


def test_a_lost_network_is_told_and_the_next_try_works(page: Page, tolerated: list[str]) -> None:
    tolerated += ["ERR_"]
    page.route("**/files/*", lambda route: route.abort("connectionfailed"))
    choose(page, NOTES)
    expect(problems(page)).to_contain_text("notes.txt: ")
    expect(outgoing(page)).to_have_count(0)
    page.unroute("**/files/*")
    choose(page, NOTES)
    arrived(page)
    expect(problems(page).locator("li")).to_have_count(0)
    send(page, "Look")
    expect(page.locator("ck-user-message .file")).to_contain_text("notes.txt")


# ---- on a server that takes its time


@pytest.fixture
def slow(script: Script, tab: Page) -> Script:
    script.show(tab)
    return script


def announce(script: Script, id: str = "atc_1") -> None:
    asked = script.asked("attachments.create")
    described = {"url": f"{script.address}/upload", "method": "PUT", "headers": {}}
    about = {key: asked.params[key] for key in ("name", "mime_type")}
    asked.answer({"type": "file", "id": id, **about, "upload_descriptor": described})


def test_one_sees_how_far_a_file_is_and_can_take_it_back(slow: Script, tab: Page, tmp_path: Path) -> None:
    large = tmp_path / "large.bin"
    large.write_bytes(bytes(40 << 20))
    tab.locator("ck-composer input[type=file]").set_input_files(large)
    announce(slow)
    bar = tab.get_by_role("progressbar", name=re.compile(r"^Uploading large\.bin: \d"))
    expect(bar).to_be_visible()
    assert 0 < bar.evaluate(PART_OF_IT) < 100
    tab.get_by_role("textbox", name="Message").fill("Too early")
    tab.keyboard.press("Enter")
    expect(problems(tab)).to_have_text("The files are still being uploaded.")
    tab.get_by_role("button", name="Remove large.bin").click()
    expect(outgoing(tab)).to_have_count(0)
    forgotten = slow.asked("attachments.delete")
    assert forgotten.params == {"attachment_id": "atc_1"}
    forgotten.answer({})
    expect(tab.get_by_role("textbox", name="Message")).to_have_value("Too early")


PART_OF_IT = """async bar => {
  for (let frame = 0; frame < 2000 && !(bar.ariaValueNow > 0); frame += 1)
    await new Promise(done => requestAnimationFrame(done));
  return Number(bar.ariaValueNow);
}"""


def test_a_refused_file_is_told_while_another_is_on_its_way(slow: Script, tab: Page) -> None:
    limits = "composer: {attachments: {enabled: true, accept: {'text/plain': ['.txt']}}}"
    slow.configure(tab, limits)
    choose(tab, NOTES, PICTURE)
    announce(slow)
    expect(problems(tab)).to_have_text("dot.png is of a kind that cannot be sent here.")
    expect(outgoing(tab)).to_have_count(1)
    slow.uploads.set()
    arrived(tab)
    expect(problems(tab)).to_contain_text("dot.png")
