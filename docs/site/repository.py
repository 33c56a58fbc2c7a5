"""Lets the site's pages link to the rest of the repository as they do where the code is hosted.

MkDocs knows the files in docs/ alone, by paths that count from there. Here every file goes by its path from the root of
the repository instead, so ``../firmware_config/README.md`` in a page of docs/ and ``docs/training.md`` in the README
both find what they mean, and the checks of ``mkdocs build --strict`` hold for them, too. Pages outside docs/ take part
if the navigation in mkdocs.yml names them; of any other file that a page links to there is a copy as plain text.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ASIDE = "repository"
"""The site's folder for what is not in docs/."""
LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
SHOWN = (".html", ".jpg", ".json", ".png", ".svg")
"""Endings of what a browser shows without being told that it is text."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """The same files under their paths in the repository, with the pages outside docs/ and what pages link to."""
    root = Path(config.config_file_path).parent
    docs = Path(config.docs_dir).relative_to(root).as_posix()
    found = Files([])
    for file in files:
        if file.generated_by is None and file.abs_src_path and file.abs_src_path.startswith(config.docs_dir):
            found.append(_file(f"{docs}/{file.src_uri}", file.dest_uri, root, config, file))
        else:  # the theme's
            found.append(file)
    for path in _pages(config.nav):
        if path not in found.src_uris and (root / path).is_file():
            place = re.sub(r"README\.md$", "index.md", path)
            found.append(_file(path, f"{ASIDE}/{place.removesuffix('.md')}.html", root, config))
    for page in list(found.documentation_pages()):
        text = (root / page.src_uri).read_text(encoding="utf-8")
        for target in LINK.findall(text):
            path = posixpath.normpath(posixpath.join(posixpath.dirname(page.src_uri), target))
            if path not in found.src_uris and not path.startswith("..") and (root / path).is_file():
                ending = "" if path.endswith(SHOWN) else ".txt"
                found.append(_file(path, f"{ASIDE}/{path}{ending}", root, config))
    return found


def _file(path: str, place: str, root: Path, config: MkDocsConfig, like: File | None = None) -> File:
    new = File(path, str(root), config.site_dir, config.use_directory_urls, dest_uri=place)
    if like is not None:
        new.inclusion = like.inclusion
    return new


def _pages(nav: object) -> Iterator[str]:
    if isinstance(nav, str):
        yield nav
    elif isinstance(nav, dict):
        for part in nav.values():
            yield from _pages(part)
    elif isinstance(nav, list):
        for part in nav:
            yield from _pages(part)
