"""The page: everything is in it, nothing of the code is taken for markup, places lead somewhere."""

from html.parser import HTMLParser
from urllib.parse import unquote

import pytest
from report_samples import ODD, full_report, reported, shipped_manifest
from scan_samples import fill

from linewise.report import html
from linewise.report.theme import DARK, LIGHT, VARIABLES
from linewise.workspace.scan.formats import Links

OURS = ("#", "vscode://file/", "data:text/csv;charset=utf-8;base64,")
VOID = {"meta"}


class Page(HTMLParser):
    """A page's elements, whether they are nested well, and what they refer to."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.references, self.words = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attributes:
            assert not name.startswith("on"), name
            if name.rpartition(":")[2] in {"href", "src", "srcset", "action", "data"}:
                self.references.append((tag, value))

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LINEWISE_STATE_DIR", str(folder / "state"))
        (folder / "project").mkdir()
        yield full_report(folder / "project", shipped_manifest())


@pytest.fixture(scope="module")
def text(full):
    return html.render(full)


def test_the_page_asks_for_nothing_from_elsewhere(text):
    page = Page(text)
    assert page.open == []
    assert {"script", "link", "img", "image", "iframe", "object", "embed", "form"}.isdisjoint(
        page.tags
    )
    assert [value for _, value in page.references if not value.startswith(OURS)] == []
    style = text[text.index("<style>") : text.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    # Drawings name their vocabularies by address; nobody looks there.
    for known in ("http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"):
        text = text.replace(f'="{known}"', "")
    assert "http" not in text.lower()


def test_pictures_share_a_page_without_sharing_names(text):
    names = [part.split('"')[0] for part in text.split(' id="')[1:]]
    assert len(names) == len(set(names))
    referred = {part.split(")")[0] for part in text.split("url(#")[1:]}
    assert referred <= set(names)


def test_colours_are_the_pages(text):
    assert not any(mark in text for mark in VARIABLES)
    assert all(f"--{name}: {getattr(LIGHT, name)}" in text for name in VARIABLES.values())
    assert all(f"--{name}: {getattr(DARK, name)}" in text for name in VARIABLES.values())


def test_every_part_is_there(text):
    for title in (
        "Where to look first",
        "How the probabilities lie",
        "By kind of statement",
        "By kind of unit",
        "By folder",
        "By file",
        "Whether they hold here",
        "Reliability",
        "What they rest on",
        "Categories, against chance",
        "Which rests on which",
        "Entropy",
        "Folders that differ",
        "Stability",
        "Trend",
        "What these numbers do not say",
        "Not read",
    ):
        assert f">{title}</h" in text, title


def test_places_lead_to_their_line(full, text):
    first = full.lines.risky_units[0]
    links = [unquote(value) for _, value in Page(text).references if value.startswith("vscode")]
    assert f"vscode://file{full.root}/{first.path}:{first.first_line}" in links
    line = full.lines.risky_lines[0]
    assert f'data-path="{line.path}" data-line="{line.line}"' in text
    files = html.render(full, Links.FILE)
    assert f"file://{full.root}/{first.path}" in files
    nowhere = Page(html.render(full, Links.NONE)).references
    assert {value[0] for tag, value in nowhere if value[:4] != "data"} == {"#"}


def test_no_name_is_taken_for_markup(root_of_odd, manifest):
    report = reported(root_of_odd, manifest)
    text = html.render(report)
    page = Page(text)
    assert page.open == []
    assert any("a <i>& project" in each for each in page.words)
    assert ODD.replace("\udce9", "\ufffd") in page.words
    text.encode("utf-8")


@pytest.fixture
def manifest():
    return shipped_manifest()


@pytest.fixture
def root_of_odd(tmp_path, state):
    root = tmp_path / "a <i>& project"
    root.mkdir()
    fill(root, {ODD: 3})
    return root


def test_one_unit_and_no_rationale_make_a_page_too(tmp_path, state, manifest):
    root = tmp_path / "project"
    root.mkdir()
    fill(root, {"a.py": 1}, explained=False)
    text = html.render(reported(root, manifest))
    assert Page(text).open == []
    assert "No rationales were scanned" in text
    assert "nan" not in " ".join(Page(text).words)


def test_on_paper_it_is_light_and_has_pictures_only(full):
    text = html.render(full, Links.NONE, paper=True)
    assert "var(--ink)" not in text[text.index("</style>") :]
    assert LIGHT.accent in text
    assert "<details>" not in text
    assert "base64" not in text
