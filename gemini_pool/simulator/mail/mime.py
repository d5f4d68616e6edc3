"""Letters as they travel: RFC 822, in two parts, quoted-printable with its soft line breaks."""

from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from gemini_pool.simulator.post import Mail


def as_mime(mail: Mail) -> bytes:
    """The letter as a mail server holds it."""
    message = EmailMessage(policy=SMTP)
    message["From"] = mail.sender
    message["To"] = mail.to
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(datetime.fromtimestamp(mail.arrives_at, UTC))
    message["Message-ID"] = message_id(mail)
    message.set_content(mail.text, cte="quoted-printable")
    if mail.html:
        message.add_alternative(mail.html, subtype="html", cte="base64")
    return message.as_bytes()


def message_id(mail: Mail) -> str:
    return f"<{mail.id}.{int(mail.arrives_at)}@post.example>"
