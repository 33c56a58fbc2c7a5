"""The documentation as a site: it builds without a warning, has every page, and needs nothing from elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from mkdocs.config import load_config

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in DOCS.rglob("*.md"))


class Links(HTMLParser):
    """What a page refers to: addresses to follow, and what a browser loads by itself."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.followed: list[str] = []
        self.loaded: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "a" and values.get("href"):
            self.followed.append(values["href"])
        elif tag == "link" and values.get("rel") not in ("prev", "next", "canonical"):
            self.loaded.append(values["href"] or "")
        elif values.get("src"):
            self.loaded.append(values["src"])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as CI and people build it."""
    out = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(out)],
        cwd=ROOT, capture_output=True, text=True, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Links]:
    return {path: Links(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}


def named(nav: object) -> list[str]:
    """The paths in a navigation."""
    if isinstance(nav, str):
        return [nav]
    parts = nav.values() if isinstance(nav, dict) else nav
    return [path for part in parts for path in named(part)]


def test_the_site_builds_and_has_a_start_and_the_pages_beside_docs(site: Path):
    assert (site / "index.html").is_file()
    assert (site / "repository" / "CONTRIBUTING.html").is_file()
    assert (site / "repository" / "firmware_config" / "index.html").is_file()
    assert (site / "door-notice.html").read_bytes() == (DOCS / "door-notice.html").read_bytes()
    assert not list(site.rglob("*.py"))


@pytest.mark.parametrize("page", PAGES)
def test_every_page_is_in_the_navigation_once(page: str):
    assert named(load_config(str(ROOT / "mkdocs.yml")).nav).count(page) == 1, f"mkdocs.yml has no {page} in its nav"


@pytest.mark.parametrize("page", [page for page in PAGES if not page.startswith("docs/adr/0")])
def test_the_start_leads_to_every_page(page: str):
    targets = re.findall(r"\]\(([^)#]+)", (DOCS / "index.md").read_text(encoding="utf-8"))

    assert page == "docs/index.md" or page in {os.path.normpath(f"docs/{target}") for target in targets}


def test_what_a_page_links_to_is_there(site: Path, pages: dict[Path, Links]):
    broken = [
        f"{path.relative_to(site)}: {address}"
        for path, links in pages.items()
        if path.name not in ("404.html", "door-notice.html")
        for address in (*links.followed, *links.loaded)
        if not urlsplit(address).scheme and not (path.parent / unquote(urlsplit(address).path)).exists()
    ]

    assert len(pages) > 30
    assert broken == []


def test_no_page_loads_anything_from_elsewhere(pages: dict[Path, Links]):
    loaded = [address for links in pages.values() for address in links.loaded]

    assert len(loaded) > 100
    assert [address for address in loaded if urlsplit(address).netloc] == []


def test_no_list_or_table_is_left_as_text(site: Path, pages: dict[Path, Links]):
    left = []
    for path in pages:
        for paragraph in re.findall(r"<p>(.*?)</p>", path.read_text(encoding="utf-8"), re.DOTALL):
            if re.search(r"\n\s*([-*]|\d+\.) |\|--|```", re.sub(r"<code>.*?</code>", "", paragraph, flags=re.DOTALL)):
                left.append(f"{path.relative_to(site)}: {paragraph[:80]}")

    assert left == []


def test_a_link_that_leads_nowhere_fails_the_build(tmp_path: Path):
    (tmp_path / "docs" / "site").mkdir(parents=True)
    hook = DOCS / "site" / "repository.py"
    (tmp_path / "docs" / "site" / "repository.py").write_bytes(hook.read_bytes())
    (tmp_path / "docs" / "index.md").write_text("# x\n\n[there](../code.py) and [gone](../gone.py)\n")
    (tmp_path / "code.py").write_text("")
    settings = "site_name: x\nhooks: [docs/site/repository.py]\nexclude_docs: /site/\nnav: [docs/index.md]\n"
    (tmp_path / "mkdocs.yml").write_text(settings)
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict"], cwd=tmp_path, capture_output=True, text=True
    )

    assert done.returncode == 1
    assert "'../gone.py'" in done.stderr
    assert "'../code.py'" not in done.stderr
