"""A page that is kept holds nothing to sign in with."""

import pytest

from gemini_pool.signin.evidence import MOST_CHARACTERS, scrubbed

SECRETS = {
    "an entered value": '<input type="text" name="q" value="{}">',
    "a hidden field": "<input type='hidden' value='{}' name='xsrf'>",
    "a bare value": "<input name=pinInput value={}>",
    "a text area": '<textarea id="g-recaptcha-response">{}</textarea>',
    "an index in a link": '<a href="/home/cid/1?csesidx={}&hl=en">',
    "an index in a script": '<script>x = {{"csesidx":"{}"}}</script>',
    "a token in a link": '<a href="/login?xsrfToken={}">',
    "a mailbox's link": '<a href="https://mail.example/?jwt={}">',
}


@pytest.mark.parametrize("form", SECRETS.values(), ids=SECRETS)
def test_secrets_are_taken_out_wherever_they_stand(form: str) -> None:
    html = f"<h1>Sign in</h1>{form.format('4711471147')}<p>Try again</p>"
    kept = scrubbed(html)
    assert "4711471147" not in kept
    assert kept.startswith("<h1>Sign in</h1>")
    assert kept.endswith("<p>Try again</p>")


@pytest.mark.parametrize(
    "secret",
    ["CSE.0123456789abcdef", "eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.c2lnbmF0dXJl", "A1b2" * 12],
)
def test_what_looks_like_a_secret_is_taken_out(secret: str) -> None:
    assert secret not in scrubbed(f"<script>load('{secret}')</script>")


def test_what_is_known_to_be_one_is_taken_out_whatever_it_looks_like() -> None:
    assert scrubbed("<b>QX7R2K</b> for A&amp;B", ["QX7R2K", "A&B", ""]) == "<b>…</b> for …"


def test_of_addresses_the_house_is_kept_and_not_the_name() -> None:
    assert scrubbed("sent to jane.doe@mail.example, hint=jane%40mail.example") == (
        "sent to …@mail.example, hint=…%40mail.example"
    )


def test_paths_and_ids_of_elements_stay_readable() -> None:
    html = '<form action="/v1/verify-oob-code"><button jsname="XooR8e" class="f7wZi">Verify</button></form>'
    assert scrubbed(html) == html


def test_a_huge_page_is_cut() -> None:
    assert len(scrubbed("<p>word</p>" * 100_000)) == MOST_CHARACTERS
