// The page: rooms at the left, messages, a thread at the right.

import { $, dayName, dayOf, face, h, icon, tell } from "./dom.js";
import { S, connect, inRoom, inThread, isDirect, keep, listen, markSeen, nameOf, roomOf, running, say, unread, visibleTo } from "./store.js";
import { drawMessage, grow } from "./message.js";
import { Composer } from "./composer.js";
import { arrows, showFaults, showHelp, showModels } from "./panels.js";
import { drawWelcome } from "./welcome.js";

const narrow = matchMedia("(max-width: 760px)");
const replies = (count) => (count === 1 ? "1 reply" : `${count} replies`);
const near = (el) => el.scrollHeight - el.scrollTop - el.clientHeight < 90;

const roomBox = new Composer("room", () => ({
  room: S.room, thread: "", running: running(S.room, ""),
  hint: isDirect(S.room) ? `Message ${S.bot}` : `Message #${roomOf(S.room)?.name ?? ""}`,
}), sentIn);
const threadBox = new Composer("thread", () => ({
  room: S.room, thread: S.thread, running: S.thread && running(S.room, S.thread), hint: "Reply in this thread",
}), sentIn);
$("room-foot").append(jump("room"), roomBox.el);
$("thread-foot").append(jump("thread"), threadBox.el);

function sentIn(answer, room, thread) {
  toEnd(thread ? "thread" : "room");
  if (!thread && answer.acceptance === "accepted" && !isDirect(room) && room === S.room) openThread(answer.id);
}

// --- lists of messages

const listOf = (pane) => (pane === "thread" ? [S.messages.get(S.thread), ...inThread(S.thread)].filter(Boolean) : inRoom(S.room));

function context(pane, before) {
  return { before, inThread: pane === "thread", direct: isDirect(S.room), openThread, showError: (words) => (pane === "thread" ? threadBox : roomBox).showError(words) };
}

function drawPane(pane) {
  const messages = listOf(pane);
  const items = [];
  messages.forEach((message, index) => items.push(...drawItem(pane, message, messages[index - 1], index)));
  if (!messages.length) items.push(drawWelcome(roomOf(S.room), start));
  $(`${pane}-log`).replaceChildren(...items);
  toEnd(pane);
}

function drawItem(pane, message, before, index) {
  const items = [];
  const newDay = !before || dayOf(before.sent_at_ms) !== dayOf(message.sent_at_ms);
  if (pane === "room" && newDay) items.push(h("div", { class: "day" }, h("span", {}, dayName(message.sent_at_ms))));
  items.push(drawMessage(message, context(pane, before)));
  if (pane === "thread" && index === 0) {
    items.push(h("div", { class: "day replies" }, h("span", {}, replies(inThread(S.thread).length))));
  }
  return items;
}

function update(pane, message, isNew) {
  const log = $(`${pane}-log`);
  const scroll = $(`${pane}-scroll`);
  const stay = near(scroll);
  const el = log.querySelector(`[data-id="${message.id}"]`);
  const messages = listOf(pane);
  const index = messages.indexOf(message);
  if (index < 0) return;
  if (el) {
    const key = el.contains(document.activeElement) ? document.activeElement.dataset.k : null;
    const fresh = drawMessage(message, context(pane, messages[index - 1]));
    el.replaceWith(fresh);
    if (key) fresh.querySelector(`[data-k="${key}"]`)?.focus();
  } else {
    if (messages.length === 1) log.replaceChildren();
    const items = drawItem(pane, message, messages[index - 1], index);
    items.forEach((item) => item.classList.add("in"));
    log.append(...items);
    if (pane === "thread") log.querySelector(".replies span").textContent = replies(messages.length - 1);
  }
  if (stay || (isNew && message.author === S.me)) follow(pane, message, isNew);
  else if (isNew) $(`${pane}-jump`).hidden = false;
}

/** Down to the end, but a long report is read from its beginning. */
function follow(pane, message, isNew) {
  toEnd(pane);
  if (isNew && message.kind === "report") $(`${pane}-scroll`).scrollTop = $(`${pane}-log`).lastElementChild.offsetTop - 70;
}

function toEnd(pane) {
  $(`${pane}-scroll`).scrollTop = 1e9;
}

function jump(pane) {
  const button = h("button", { class: "jump", id: `${pane}-jump`, hidden: true, onclick: () => toEnd(pane) }, icon("down"), "Newest");
  $(`${pane}-scroll`).addEventListener("scroll", (e) => { button.hidden = near(e.target); }, { passive: true });
  return button;
}

// --- around them

const myRooms = () => S.rooms.filter((room) => room.kind === "channel" || room.person === S.me);

function drawRooms() {
  const item = (room) => {
    const news = room.id === S.room ? 0 : unread(room.id);
    const label = room.kind === "channel" ? room.name : S.bot;
    return h("li", {}, h("button", { class: `room${news ? " new" : ""}`, "aria-current": room.id === S.room ? "page" : null, onclick: () => openRoom(room.id) },
      room.kind === "channel" ? h("span", { class: "hash", "aria-hidden": "true" }, "#") : face(S.bot, S.people, true),
      h("span", {}, label), news ? h("span", { class: "news" }, String(news), h("span", { class: "unseen" }, " unread")) : null));
  };
  const list = (title, kind) => [h("h2", {}, title), h("ul", {}, myRooms().filter((room) => room.kind === kind).map(item))];
  $("rooms").replaceChildren(...list("Channels", "channel"), ...list("Direct messages", "direct"));
}

function drawPeople() {
  $("people").replaceChildren(...S.people.map((person) => h("button", {
    role: "radio", "aria-checked": String(person.id === S.me), tabindex: person.id === S.me ? "0" : "-1", class: "person", onclick: () => speakAs(person.id),
  }, face(person.id, S.people), h("span", {}, person.name))));
}
$("people").addEventListener("keydown", (e) => {
  arrows(e, [...$("people").children]);
  if (e.key.startsWith("Arrow")) { document.activeElement.click(); $("people").querySelector("[aria-checked=true]").focus(); }
});

function drawBar() {
  const room = roomOf(S.room);
  $("room-name").textContent = room.kind === "channel" ? `# ${room.name}` : S.bot;
  $("room-topic").textContent = room.topic;
  document.title = `${room.kind === "channel" ? `#${room.name}` : S.bot} · Playground`;
  $("model").hidden = !S.model;
  if (S.model) {
    $("model").replaceChildren(h("i", { "aria-hidden": "true" }), h("span", {}, S.model.name));
    $("model").setAttribute("aria-label", `Model: ${S.model.name}`);
    $("model").title = S.model.detail;
  }
  const fault = S.faults.find((one) => one.id === S.fault);
  $("faults").hidden = !S.faults.length;
  $("faults").classList.toggle("armed", Boolean(fault));
  $("faults").lastElementChild.textContent = fault?.name ?? "";
  $("faults").setAttribute("aria-label", fault ? `Failures: ${fault.name}` : "Failures");
}

function drawThread() {
  const root = S.messages.get(S.thread);
  if (!root || root.room !== S.room) S.thread = "";
  $("thread").hidden = !S.thread;
  document.body.classList.toggle("threaded", Boolean(S.thread));
  $("main").inert = Boolean(S.thread) && narrow.matches;
  if (!S.thread) return;
  $("thread-topic").textContent = `# ${roomOf(S.room).name}`;
  drawPane("thread");
}

function drawAll() {
  if (isDirect(S.room) && roomOf(S.room).person !== S.me) S.room = `dm-${S.me}`;
  drawPeople();
  drawBar();
  drawPane("room");
  drawThread();
  read();
}

function read() {
  if (document.visibilityState === "visible") {
    markSeen(S.room, inRoom(S.room));
    if (S.thread) markSeen(S.thread, inThread(S.thread));
  }
  drawRooms();
  roomBox.refresh();
  threadBox.refresh();
}

// --- what people do

function openRoom(id) {
  S.room = id;
  S.thread = "";
  openSide(false);
  drawAll();
  roomBox.text.focus();
}

function openThread(id, focus = true) {
  S.thread = id;
  drawThread();
  read();
  update("room", S.messages.get(id), false);
  if (focus) threadBox.text.focus();
}

function closeThread() {
  const root = S.thread;
  S.thread = "";
  drawThread();
  const summary = document.querySelector(`#m-${root} .summary`);
  (summary ?? roomBox.text).focus();
}

function speakAs(id) {
  S.me = id;
  keep("me", id);
  tell(`You speak as ${nameOf(id)}`);
  drawAll();
}

/** A suggestion of the empty room: one message, or a short scene of several people. */
async function start(lines) {
  let root = "";
  for (const [person, text] of lines) {
    try {
      const answer = await say({ as: person || S.me, room: S.room, thread: root, text });
      if (!isDirect(S.room)) root ||= answer.id;
    } catch (error) { roomBox.showError(error.message); return; }
  }
  if (root) openThread(root);
  else roomBox.text.focus();
}

function openSide(on) {
  document.body.classList.toggle("drawn", on);
  $("shade").hidden = !on;
  fitSide();
  if (on) $("rooms").querySelector("button").focus();
}
function fitSide() {
  $("side").inert = narrow.matches && !document.body.classList.contains("drawn");
  $("main").inert = narrow.matches && (document.body.classList.contains("drawn") || Boolean(S.thread));
}
narrow.addEventListener("change", () => openSide(false));
$("side-open").onclick = () => openSide(true);
$("side-close").onclick = $("shade").onclick = () => { openSide(false); $("side-open").focus(); };
$("thread-close").onclick = closeThread;
$("model").onclick = (e) => showModels(e.currentTarget);
$("faults").onclick = (e) => showFaults(e.currentTarget);
$("help").onclick = showHelp;
$("theme").onclick = () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  keep("theme", root.dataset.theme);
};

document.addEventListener("keydown", (e) => {
  if (document.querySelector("dialog[open], [popover]")) return;
  if (e.key === "Escape") {
    if (document.body.classList.contains("drawn")) $("side-close").click();
    else if (S.thread) closeThread();
  } else if (e.key === "?" && !/^(input|textarea)$/i.test(e.target.tagName)) { e.preventDefault(); showHelp(); }
  else if (e.altKey && /^Digit[1-9]$/.test(e.code) && S.people[e.code[5] - 1]) { e.preventDefault(); speakAs(S.people[e.code[5] - 1].id); }
  else if (e.altKey && e.code === "KeyS") { e.preventDefault(); (S.thread ? threadBox : roomBox).stop(); }
  else if (e.altKey && (e.key === "ArrowUp" || e.key === "ArrowDown")) {
    e.preventDefault();
    const mine = myRooms();
    const next = mine.findIndex((room) => room.id === S.room) + (e.key === "ArrowUp" ? -1 : 1);
    openRoom(mine[(next + mine.length) % mine.length].id);
  }
});
document.addEventListener("visibilitychange", () => { if (S.people.length) read(); });

// --- what happens elsewhere

listen((what, detail) => {
  if (what === "line") { $("line").textContent = detail; $("line").hidden = !detail || !S.people.length; }
  else if (what === "state") drawAll();
  else if (what === "switches") drawBar();
  else if (what === "removed") { if (S.thread === detail) S.thread = ""; drawAll(); }
  else if (what === "grow") {
    for (const pane of ["room", "thread"]) {
      const body = $(`${pane}-log`).querySelector(`[data-id="${detail.message.id}"] .body.running`);
      if (!body) continue;
      const stay = near($(`${pane}-scroll`));
      grow(body, detail.message, detail.changed);
      if (stay) toEnd(pane);
    }
  } else if (what === "message") arrived(detail.message, detail.before);
});

function arrived(message, before) {
  const isNew = !before || (message.html && !before.html && message.kind === "report");
  const here = message.room === S.room && visibleTo(message, S.me);
  if (here && !message.thread) update("room", message, isNew);
  if (here && message.thread) {
    const root = S.messages.get(message.thread);
    if (root) update("room", root, false);
    if (S.thread === message.thread) update("thread", message, isNew);
  }
  if (here && message.id === S.thread) update("thread", message, false);
  if (here && message.author !== S.me && message.state !== "running" && (!before || before.state === "running")) announce(message);
  read();
}

function announce(message) {
  tell(`${nameOf(message.author)}: ${h("div", { html: message.html + message.notice }).textContent.slice(0, 300)}`);
}

fitSide();
connect();
