"""What a file from the web is called."""

import pytest

from gemini_pool.media.names import clean, file_name


@pytest.mark.parametrize(
    ("disposition", "target", "name"),
    [
        ("", "/a/cat.png?size=2", "cat.png"),
        ("", "/a/%E7%8C%AB.png", "猫.png"),
        ("", "/", "file"),
        ("", "/a/", "file"),
        ("", "/a/..%2F..%2Fetc%2Fpasswd", "passwd"),
        ("attachment", "/cat.png", "cat.png"),
        ('attachment; filename="report.pdf"', "/x", "report.pdf"),
        ("attachment; filename=report.pdf; size=3", "/x", "report.pdf"),
        (r'attachment; filename="a \"b\".pdf"', "/x", "a b.pdf"),
        ("attachment; filename=\"plain.txt\"; filename*=UTF-8''%E2%82%AC.txt", "/x", "€.txt"),
        ('attachment; filename="../../etc/passwd"', "/x", "passwd"),
        ('attachment; filename="C:\\\\temp\\\\a.txt"', "/x", "a.txt"),
        ('attachment; filename=".."', "/cat.png", "cat.png"),
        ('attachment; filename="' + "猫.png".encode().decode("latin-1") + '"', "/x", "猫.png"),
    ],
)
def test_a_file_is_called_what_its_site_calls_it(disposition: str, target: str, name: str) -> None:
    assert file_name({"content-disposition": disposition}, target) == name


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("cat.png", "cat.png"),
        ("a\x00b\nc\u202egnp.exe", "abcgnp.exe"),
        (".hidden", "hidden"),
        ("<b>|?.txt", "b.txt"),
        ("a.tar.gz", "a.tar.gz"),
        ("\ud800x", "x"),
        (" . ", ""),
    ],
)
def test_a_name_holds_nothing_that_a_folder_or_a_page_minds(name: str, cleaned: str) -> None:
    assert clean(name) == cleaned


def test_a_long_name_is_cut_before_its_suffix() -> None:
    cleaned = clean("猫" * 500 + ".jpeg")
    assert cleaned == "猫" * 40 + ".jpeg"
    assert len(clean("a." + "b" * 500).encode()) <= 140
