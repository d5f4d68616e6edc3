"use strict";

const facts = document.body.dataset;
const main = document.querySelector("main");
const pause = Number(facts.delay) * 1000;

const part = (name) => main.querySelector('[data-part="' + name + '"]');
const later = (act) => setTimeout(act, pause);

function element(tag, marks, text) {
  const made = document.createElement(tag);
  Object.assign(made, marks);
  made.textContent = text || "";
  return made;
}

function toast(text) {
  const old = document.getElementById("toast");
  if (old) old.remove();
  const changed = facts.changed === "1";
  const box = element(changed ? "div" : "aside", { id: "toast", className: changed ? "snack" : "zyTWof-Ng57nc" });
  if (changed) box.setAttribute("role", "alert");
  box.append(element("div", { className: changed ? "" : "zyTWof-gIZMF" }, text));
  document.body.append(box);
}

function challenge() {
  const box = document.getElementById("recaptcha-container");
  box.style.visibility = "visible";
  const frame = element("iframe", { width: 400, height: 580, title: "recaptcha challenge expires in two minutes" });
  frame.src = "/recaptcha/api2/bframe";
  box.replaceChildren(frame);
  const look = async () => {
    const reply = await ask("challenge");
    if (!reply.passed) return setTimeout(look, 100);
    box.style.visibility = "hidden";
    frame.remove();
    main.querySelector("form").requestSubmit();
  };
  setTimeout(look, 100);
}

async function ask(rpc, given) {
  const reply = await fetch("/_/SignInUi/data/batchexecute?rpcids=" + rpc, {
    method: "POST",
    body: JSON.stringify(given || {}),
  });
  return JSON.parse((await reply.text()).slice(5));
}

function follow(reply) {
  if (reply.freeze) for (;;);
  if (reply.stuck) main.replaceChildren(element("div", { role: "progressbar" }, "…"));
  if (reply.challenge) challenge();
  if (reply.toast) toast(reply.toast);
  if (reply.message) {
    part("message").textContent = reply.message;
    clearCode();
  }
  if (reply.go) location.assign(reply.go);
}

const codeFields = () => [...main.querySelectorAll("input[data-part=digit], input[name=pinInput]")];
const typedCode = () => codeFields().map((field) => field.value).join("");

function showCode() {
  const code = typedCode();
  main.querySelectorAll("div[data-index] span").forEach((box, at) => (box.textContent = code[at] || ""));
  part("submit").disabled = code.length !== 6;
}

function clearCode() {
  codeFields().forEach((field) => (field.value = ""));
  showCode();
  codeFields()[0].focus();
}

function stepOn(event) {
  const next = event.target.nextElementSibling;
  if (event.target.value && next && next.matches("input")) next.focus();
}

function enableBy(name) {
  const field = part(name);
  field.addEventListener("input", () => (part("submit").disabled = !field.value.trim()));
}

const READY = {
  address: () => enableBy("email"),
  name: () => enableBy("name"),
  code: () => {
    main.addEventListener("input", showCode);
    main.querySelectorAll("input[data-part=digit]").forEach((field) => field.addEventListener("input", stepOn));
    main.querySelectorAll("div[data-index]").forEach((box) => box.addEventListener("click", () => codeFields()[0].focus()));
    part("resend").addEventListener("click", () => ask("resend").then((reply) => later(() => follow(reply))));
    const notice = new URLSearchParams(location.search).get("notice");
    if (notice) toast(notice);
    codeFields()[0].focus();
  },
  setup: () => {
    const look = () => ask("setup").then((reply) => (reply.go ? follow(reply) : setTimeout(look, 100)));
    look();
  },
};

function submit(event) {
  const act = event.target.dataset.act;
  if (!act) return;
  event.preventDefault();
  const fields = [...event.target.querySelectorAll("input")];
  const given = { code: typedCode(), value: fields.length ? fields[0].value : "" };
  part("submit").disabled = true;
  ask(act, given).then((reply) => later(() => {
    part("submit").disabled = false;
    follow(reply);
  }));
}

later(() => {
  main.replaceChildren(document.getElementById("content").content.cloneNode(true));
  main.addEventListener("submit", submit);
  (READY[facts.page] || (() => {}))();
});
