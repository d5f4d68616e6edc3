"""Everything the console says is said in Chinese as well."""

import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_keywords, parse_mapping_cfg
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from gemini_pool.web.console.language import CATALOGS, TRANSLATIONS

ROOT = Path(__file__).resolve().parents[3]
PO = CATALOGS["zh_CN"]
KEYWORDS = DEFAULT_KEYWORDS | parse_keywords(["_l", "t", "tn:1,2", "knob:4"])


def told() -> Iterator[str]:
    """What the pages and scripts say, in English."""
    with (TRANSLATIONS / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    for _file, _line, message, _comments, _context in extract_from_dir(
        ROOT, methods, options, KEYWORDS, directory_filter=_ours
    ):
        yield message if isinstance(message, str) else message[0]


def _ours(folder: str) -> bool:
    return Path(folder).name in {
        "gemini_pool",
        "web",
        "console",
        "api",
        "templates",
        "components",
        "static",
        "js",
        "chat",
    }


def catalog() -> Catalog:
    with PO.open("rb") as file:
        return read_po(file, locale="zh")


def in_chinese(read: Catalog) -> dict[str, str]:
    pairs = ((one.id, one.string) for one in read if one.id and not one.fuzzy)
    return {_first(source): _first(text) for source, text in pairs if _first(text)}


def _first(forms: object) -> str:
    return forms if isinstance(forms, str) else forms[0] if isinstance(forms, list | tuple) and forms else ""


def test_every_message_has_its_chinese() -> None:
    lacking = sorted(set(told()) - set(in_chinese(catalog())))
    assert not lacking, f"say these in {PO.relative_to(ROOT)}, after `make translations`: {lacking}"


def test_the_catalogue_holds_nothing_that_is_not_said() -> None:
    dead = sorted(set(in_chinese(catalog())) - set(told()))
    assert not dead, f"nobody says these any more; run `make translations`: {dead}"


def test_what_is_compiled_is_what_is_written() -> None:
    with PO.with_suffix(".mo").open("rb") as file:
        compiled = in_chinese(read_mo(file))
    assert compiled == in_chinese(catalog()), "run `make translations`"


def test_a_translation_fills_in_the_same_blanks() -> None:
    for one in catalog():
        if one.id:
            forms = [one.id] if isinstance(one.id, str) else one.id
            known = {blank for form in forms for blank in blanks(form)}
            assert blanks(_first(one.string)) <= known, one.id


def blanks(text: str) -> set[str]:
    """The names of what is filled into a text: %(name)s by Python, {name} by the scripts."""
    return set(re.findall(r"%\(\w+\)s|\{\w+\}", text))
