"""The letter that brings a code, in the language of the pages."""

from gemini_pool.simulator.post import PostOffice

_SUBJECT = {"zh": "Gemini Business 验证码", "en": "Gemini Business verification code"}
_TEXT = {
    "zh": "您好！\n\n您的一次性验证码为：\n\n{code}\n\n"
    "如果这不是您本人的操作，请忽略此邮件。\n\nGoogle Cloud 团队\n",
    "en": "Hello,\n\nyour one-time verification code is:\n\n{code}\n\n"
    "If you did not ask for it, ignore this letter.\n\nThe Google Cloud Team\n",
}
_HTML = (
    '<html><head><style>.box{{color:#AB12CD;width:600PX}}</style></head><body bgcolor="#FFFFFF">'
    "<p>{before}</p><div class='box'><span>{code}</span></div><p>{after}</p></body></html>"
)


def send_code(post: PostOffice, to: str, code: str, language: str, delay: float) -> None:
    """Put the letter into the post; `language` is "zh" or "en"."""
    text = _TEXT[language].format(code=code)
    before, _, after = (part.strip() for part in text.partition(code))
    html = _HTML.format(before=before, code=code, after=after)
    post.send(to, subject=_SUBJECT[language], text=text, html=html, delay=delay)
