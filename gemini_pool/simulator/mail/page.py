"""The web page of a mailbox, in the manner of the page in front of cloudflare_temp_email."""

from html import escape

from gemini_pool.simulator.http import HTML, Request
from gemini_pool.simulator.mail.boxes import box_of_token
from gemini_pool.simulator.mail.replies import Refused, query_of, stamp
from gemini_pool.simulator.mail.room import MailRoom
from gemini_pool.simulator.post import Mail
from gemini_pool.simulator.script import Script, json_reply, plain

_PAGE = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>Temp Mail</title>
<style>.n-list-item{{color:#A1B2C3}}pre{{white-space:pre-wrap}}</style></head><body>
<div class="n-dialog" role="dialog"><span>公告</span>
<button class="n-base-close n-dialog__close" aria-label="close">×</button></div>
<header><span class="address">{address}</span></header>
<nav class="n-tabs-nav"><div class="n-tabs-tab" data-name="mailbox">收件箱</div>
<div class="n-tabs-tab" data-name="sendmail">发送邮件</div></nav>
<main><button class="n-button refresh" type="button"><span class="n-button__content">刷新</span></button>
<ul class="n-list"></ul><section class="letter" hidden><h3></h3>
<button class="n-button plain" type="button"><span class="n-button__content">显示纯文本邮件</span></button>
<div class="body"></div></section></main>
<script>
const list = document.querySelector("ul.n-list"), letter = document.querySelector("section.letter");
const show = (mail, plain) => {{
  const body = letter.querySelector(".body"), view = document.createElement(plain ? "pre" : "div");
  plain || !mail.html ? view.textContent = mail.text : view.innerHTML = mail.html;
  body.replaceChildren(view);
}};
const open = mail => {{
  letter.hidden = false;
  letter.querySelector("h3").textContent = mail.subject;
  letter.querySelector("button").onclick = () => show(mail, true);
  show(mail, false);
}};
const entry = mail => {{
  const item = document.createElement("li"), title = document.createElement("div");
  item.className = "n-list-item";
  title.className = "n-thing-header__title";
  title.textContent = mail.subject;
  item.append(title);
  for (const words of ["ID: " + mail.id, mail.created_at, "FROM: " + mail.source]) {{
    const tag = document.createElement("span");
    tag.className = "n-tag";
    tag.textContent = words;
    item.append(tag, " ");
  }}
  item.onclick = () => open(mail);
  return item;
}};
const refresh = async () => {{
  const answer = await fetch("letters" + location.search);
  list.replaceChildren(...(await answer.json()).map(entry));
}};
document.querySelector("button.refresh").onclick = refresh;
document.querySelector(".n-dialog__close").onclick = () => document.querySelector(".n-dialog").remove();
refresh();
</script></body></html>"""


def web_page(room: MailRoom, path: str, request: Request) -> Script:
    """The page, or the letters that its script asks for. Refused."""
    box = box_of_token(query_of(request).get("jwt", ""))
    if room.behaviour.page_fault:
        raise Refused(500, "Error")
    if path == "/letters" and box is not None:
        return json_reply([_row(mail) for mail in room.box(box.address)])
    if path != "/":
        raise Refused(401 if path == "/letters" else 404, "Not Found")
    return plain(200, _PAGE.format(address=escape(box.address if box else "")).encode(), HTML)


def _row(mail: Mail) -> dict[str, str | int]:
    return {
        "id": mail.id,
        "subject": mail.subject,
        "source": mail.sender,
        "created_at": stamp(mail.arrives_at),
        "text": mail.text,
        "html": mail.html,
    }
