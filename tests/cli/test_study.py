"""`linewise study` with the real model, and its page in a real browser."""

from __future__ import annotations

import json
import random
import re
import shutil

import pytest
from command_line import ROOT
from machine import need
from playwright.sync_api import Browser, Page, expect, sync_playwright
from typer.testing import CliRunner

from linewise.cli import app
from linewise.rationale.study.files import ANSWERS_FORMAT, read_answers, read_study

PIECES = 3
EXPORT = ("--target", "next-token", "--pieces", PIECES, "--max-tokens", 64)


def run(*arguments):
    result = CliRunner().invoke(app, ["study", *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        return result
    assert result.exit_code in (0, 2), result.output
    return result


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A study of the examples."""
    place = tmp_path_factory.mktemp("study") / "new"
    assert run("export", place, ROOT / "examples", *EXPORT).exit_code == 0
    return place


@pytest.fixture(scope="module")
def study(folder):
    return read_study(folder / "study.json")


@pytest.fixture(scope="module")
def invented(folder, study):
    """Two files of tokens drawn at random, which stand for nobody's answers."""
    paths = []
    for name in ("one", "two"):
        generator = random.Random(name)
        pieces = {
            piece.id: {
                "marked": sorted(generator.sample(sorted(study.markable(piece.id)), 3)),
                "none": False,
                "rating": None,
                "note": "",
            }
            for piece in study.pieces
        }
        content = {"format": ANSWERS_FORMAT, "version": 1, "study": study.sha256}
        content |= {"participant": name, "order": list(pieces), "pieces": pieces}
        paths.append(folder / f"{name}.json")
        paths[-1].write_text(json.dumps(content))
    return paths


def test_pieces_are_what_the_files_say(study):
    assert len(study.pieces) == PIECES
    for piece in study.pieces:
        source = (ROOT / piece.source).read_text()
        assert piece.texts[-1] in source.splitlines()[piece.line - 1]
        assert "".join(piece.texts)[-20:].strip("\n") in source
        assert len(piece.ids) <= 64


def test_the_same_seed_draws_the_same_study(study, tmp_path):
    for seed, same in ((0, True), (1, False)):
        run("export", tmp_path / str(seed), ROOT / "examples", *EXPORT, "--seed", seed)
        again = read_study(tmp_path / str(seed) / "study.json")
        assert (again.sha256 == study.sha256) is same


def test_scores_name_methods_people_and_chance(folder, study, invented):
    methods = ("--method", "greedy-shortlist", "--method", "random")
    result = run("score", folder / "study.json", *invented, *methods, "--json")
    told = json.loads(result.stdout)
    assert told["study"] == study.sha256
    assert told["participants"] == ["one", "two"]
    assert [(each["method"], each["selection"]) for each in told["comparisons"]] == [
        ("greedy-shortlist", "equal size"),
        ("greedy-shortlist", "own"),
        ("random", "equal size"),
        ("nearest", "equal size"),
    ]
    for each in told["comparisons"]:
        assert each["count"] == 2 * PIECES
        figure = each["figures"]["jaccard"]
        assert 0 <= figure["low"] <= figure["value"] <= figure["high"] <= 1
        above = each["above_chance"]["jaccard"]["value"]
        assert above == pytest.approx(figure["value"] - each["chance"]["jaccard"])
    assert told["people"]["count"] == 2 * PIECES
    assert -1 <= told["alpha"]["value"] <= 1
    shown = run("score", folder / "study.json", *invented, *methods).stdout
    assert "another person" in shown
    assert "Krippendorff" in shown


def test_flagged_lines_are_drawn_and_scored(tmp_path):
    source = tmp_path / "a.py"
    shutil.copy(ROOT / "examples" / "intervals.py", source)
    place = tmp_path / "study"
    options = ("--threshold", "0", "--pieces", 2, "--max-tokens", 96)
    assert run("export", place, source, *options).exit_code == 0
    study = read_study(place / "study.json")
    lines = source.read_text().splitlines()
    for piece in study.pieces:
        # Tokens that span a line break belong to both lines.
        target = "".join(piece.texts[slice(*piece.target)])
        assert target.strip() == lines[piece.line - 1].strip()
    piece = study.pieces[0]
    answer = {"marked": [min(study.markable(piece.id))], "none": False, "rating": 2, "note": "x"}
    content = {"format": ANSWERS_FORMAT, "version": 1, "study": study.sha256}
    content |= {"participant": "one", "order": [], "pieces": {piece.id: answer}}
    (tmp_path / "one.json").write_text(json.dumps(content))
    told = json.loads(run("score", place / "study.json", tmp_path / "one.json", "--json").stdout)
    assert [each["method"] for each in told["comparisons"]] == ["knockout", "nearest"]
    assert told["comparisons"][0]["count"] == 1


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"study": "f" * 64}, "answers to another study"),
        ({"participant": "two"}, "are both of 'two'"),
        ({"pieces": {}}, "no piece was answered"),
    ],
)
def test_answers_that_do_not_fit_are_refused(folder, invented, tmp_path, change, wrong):
    content = json.loads(invented[0].read_text()) | change
    (tmp_path / "changed.json").write_text(json.dumps(content))
    files = (tmp_path / "changed.json", invented[1])
    result = run("score", folder / "study.json", *files, "--method", "random")
    assert wrong in str(result.exception)


def test_methods_that_do_not_exist_or_do_not_fit_are_refused(folder, invented):
    for method, wrong in (("magic", "no attribution method 'magic'"), ("knockout", "edit risks")):
        result = run("score", folder / "study.json", invented[0], "--method", method)
        assert wrong in str(result.exception)


def test_a_study_is_not_overwritten(folder):
    result = run("export", folder, ROOT / "examples", *EXPORT)
    assert "choose another folder" in str(result.exception)


def test_nothing_to_draw_is_said(tmp_path):
    (tmp_path / "a.py").write_text("# nothing\n")
    result = run("export", tmp_path / "study", tmp_path, *EXPORT)
    assert "nothing to draw" in str(result.exception)
    assert not (tmp_path / "study").exists()


@pytest.mark.parametrize("arguments", [["export"], ["score", "gone.json", "gone.json"]])
def test_wrong_usage(arguments):
    assert run(*arguments).exit_code == 2


# The page.


# Not for the whole session: while it runs, its event loop is in the way of asynchronous tests.
@pytest.fixture(scope="module")
def browser():
    """Chromium without a screen."""
    chromium = need("chromium", "chromium-browser", package="chromium fonts-dejavu-core")
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield browser
        browser.close()


class Participant:
    """Somebody at the page, which was opened from its file."""

    def __init__(self, page: Page, place, name: str, piece: int) -> None:
        self.page = page
        page.goto((place / "study.html").as_uri())
        page.get_by_label("Your name").fill(name)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name=f"Piece {piece} of")).to_be_focused()

    @property
    def tokens(self):
        return self.page.locator(".token")

    @property
    def marked(self) -> list[int]:
        """The marked tokens' positions in the piece."""
        found = self.page.locator('.token[aria-pressed="true"]').all()
        return [int(each.get_attribute("data-index")) for each in found]

    def index(self, number: int) -> int:
        """The position in the piece of the token of that number."""
        return int(self.tokens.nth(number).get_attribute("data-index"))

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def save(self, path):
        with self.page.expect_download() as download:
            self.page.get_by_role("button", name="Save answers").click()
        download.value.save_as(path)
        return json.loads(path.read_text("utf-8"))


@pytest.fixture
def visit(browser: Browser, folder):
    """A function: sit down at the page; whatever it says or asks of a network fails the test."""
    contexts, wrong = [], []

    def visit(name, context=None, piece=1, **options):
        if context is None:
            context = browser.new_context(**options)
            contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "request",
            lambda request: (
                None if request.url.startswith(("file:", "blob:")) else wrong.append(request.url)
            ),
        )
        return Participant(page, folder, name, piece)

    yield visit
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.mark.e2e
def test_tokens_are_marked_by_mouse(visit):
    person = visit("Ada")
    person.tokens.nth(2).click()
    person.tokens.nth(4).click()
    person.tokens.nth(4).click()
    assert person.marked == [person.index(2)]
    person.tokens.nth(6).hover()
    person.page.mouse.down()
    person.tokens.nth(11).hover()
    person.tokens.nth(9).hover()
    person.page.mouse.up()
    assert person.marked == [person.index(number) for number in (2, 6, 7, 8, 9)]
    expect(person.page.get_by_text("5 tokens marked")).to_be_visible()
    person.tokens.nth(8).click()
    assert person.index(8) not in person.marked


@pytest.mark.e2e
def test_tokens_are_marked_by_keyboard_alone(visit):
    person = visit("Ada")
    person.press("Tab")
    expect(person.page.locator(".token:focus")).to_have_count(1)
    person.press("Control+Home", "Space", "ArrowRight", "ArrowRight", "Enter", "Shift+ArrowRight")
    assert person.marked == [person.index(number) for number in (0, 2, 3)]
    person.press("ArrowLeft", "Space")
    assert person.marked == [person.index(number) for number in (0, 3)]
    person.press("Control+End", "Space", "Home", "ArrowUp", "ArrowDown", "End")
    assert person.marked[-1] == person.index(person.tokens.count() - 1)
    expect(person.tokens.last).to_be_focused()
    person.press("Control+Enter")
    expect(person.page.get_by_role("heading", name=f"Piece 2 of {PIECES}")).to_be_focused()
    assert person.marked == []


@pytest.mark.e2e
def test_tokens_have_names_and_states_for_screen_readers(visit):
    person = visit("Ada")
    named = person.page.get_by_role("group", name="Code, token by token").get_by_role(
        "button", pressed=False
    )
    assert named.count() == person.tokens.count()
    labels = [each.get_attribute("aria-label") for each in person.tokens.all()]
    assert all(re.search(r"[A-Za-z0-9], line \d+", label) for label in labels)
    assert person.page.locator('.token[tabindex="0"]').count() == 1
    person.tokens.nth(1).click()
    expect(named).to_have_count(len(labels) - 1)


@pytest.mark.e2e
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_in_both_schemes(visit, scheme):
    """WCAG 2.2's contrast of 4.5 for text, on the page and on marked tokens."""
    person = visit("Ada", color_scheme=scheme)
    person.tokens.nth(1).click()

    def luminance(color):
        channels = [int(each) / 255 for each in re.findall(r"\d+", color)[:3]]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    for text, ground in (("body", "body"), (".token[aria-pressed=true]",) * 2, ("#keys", "body")):
        colors = [
            person.page.locator(place).first.evaluate(f"each => getComputedStyle(each).{name}")
            for place, name in ((text, "color"), (ground, "backgroundColor"))
        ]
        low, high = sorted(map(luminance, colors))
        assert (high + 0.05) / (low + 0.05) >= 4.5, (text, colors)
    dark = luminance(person.page.locator("body").evaluate("b => getComputedStyle(b).color")) > 0.5
    assert dark is (scheme == "dark")


@pytest.mark.e2e
def test_an_order_is_a_participant_s_own_and_stays(visit, study, tmp_path):
    orders = {name: tuple(visit(name).save(tmp_path / "a.json")["order"]) for name in "abcde"}
    assert all(sorted(order) == [piece.id for piece in study.pieces] for order in orders.values())
    assert len(set(orders.values())) > 1
    assert tuple(visit("a").save(tmp_path / "a.json")["order"]) == orders["a"]


@pytest.mark.e2e
def test_answers_survive_a_closed_page_and_are_saved_and_scored(visit, folder, study, tmp_path):
    person = visit("Ada L/ö")
    person.tokens.nth(3).click()
    first = person.marked
    person.page.get_by_label("4", exact=True).check()
    person.page.get_by_label("Note").fill("reads <b>&</b>")
    person.page.get_by_role("button", name="Next").click()
    person.page.get_by_label("No token here would help me").check()
    context = person.page.context
    person.page.close()

    again = visit("Ada L/ö", context, piece=2)
    expect(again.page.get_by_label("No token here would help me")).to_be_checked()
    expect(again.page.get_by_text(f"2 of {PIECES} pieces answered")).to_be_visible()
    saved = again.save(tmp_path / "ada.json")
    assert "1 of 3 pieces are not answered" in again.page.locator("#status").inner_text()
    one, two = saved["order"][:2]
    assert saved["pieces"][one] == {
        "marked": first,
        "none": False,
        "rating": 4,
        "note": "reads <b>&</b>",
    }
    assert read_answers(tmp_path / "ada.json", study).pieces[two].none

    other = visit("Bo", context)  # nobody sees another's answers
    assert other.marked == []
    for _ in range(PIECES):
        other.tokens.nth(3).click()
        other.press("Control+Enter")
    other.save(tmp_path / "bo.json")
    told = json.loads(
        run(
            *("score", folder / "study.json", tmp_path / "ada.json", tmp_path / "bo.json"),
            *("--method", "greedy-shortlist", "--json"),
        ).stdout
    )
    assert told["participants"] == ["Ada L/ö", "Bo"]
    assert (told["answers"], told["none"]) == (2 + PIECES, 1)
    same = next(each for each in told["pieces"] if each["id"] == one)
    assert same["answers"] == 2


@pytest.mark.e2e
def test_a_browser_that_keeps_nothing_says_so_and_saves(visit, browser, study, tmp_path):
    refused = "Object.defineProperty(window, 'localStorage', {get() { throw new Error('no'); }})"
    with browser.new_context() as context:
        context.add_init_script(refused)
        person = visit("Ada", context)
        person.tokens.nth(3).click()
        expect(person.page.locator("#status")).to_contain_text("does not keep what you enter")
        person.save(tmp_path / "a.json")
    assert read_answers(tmp_path / "a.json", study).participant == "Ada"
