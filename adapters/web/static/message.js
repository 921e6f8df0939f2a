// One message: how it looks, and what can be done with it.

import { copy, face, h, icon, markScrollable, timeOf, tool } from "./dom.js";
import { S, inThread, nameOf, post, unreadReplies } from "./store.js";
import { pickEmoji } from "./panels.js";

const GROUPED_MS = 5 * 60 * 1000;
const MENTION = () => new RegExp(`(?<![\\w@])@(?:${[S.bot, ...S.people.map((p) => p.name.split(" ")[0])].join("|")})\\b`, "gi");

/** `place`: {inThread, before, openThread, showError}; `before` is the message above. */
export function drawMessage(m, place) {
  const grouped = follows(m, place.before);
  const own = m.author === S.me;
  const classes = `msg${grouped ? " grouped" : ""}${m.to ? " private" : ""}`;
  const el = h("article", { class: classes, id: `${place.inThread ? "t" : "m"}-${m.id}`, label: `${nameOf(m.author)}, ${timeOf(m.sent_at_ms)}` });
  el.dataset.id = m.id;
  el.append(h("div", { class: "gutter" }, grouped ? h("time", { class: "small-time" }, timeOf(m.sent_at_ms)) : face(m.author, S.people)));
  const side = h("div", { class: "side" });
  if (!grouped) {
    side.append(h("div", { class: "who" },
      h("b", {}, nameOf(m.author)),
      m.author === S.bot ? h("span", { class: "tag" }, "bot") : null,
      h("time", { datetime: new Date(m.sent_at_ms).toISOString() }, timeOf(m.sent_at_ms)),
      m.to ? h("span", { class: "only" }, "Only you see this") : null));
  }
  side.append(drawBody(m, place));
  if (m.files.length) side.append(h("div", { class: "files" }, m.files.map(drawFile)));
  if (m.notice) side.append(h("div", { class: `notice ${m.state}` }, h("div", { html: m.notice })));
  if (m.footer) side.append(h("div", { class: "foot-note", html: m.footer }));
  side.append(...drawActions(m, place));
  if (!place.inThread) {
    const summary = drawSummary(m, place);
    if (summary) side.append(summary);
  }
  el.append(side);
  if (m.state !== "running" && !m.deleted) el.append(drawToolbar(m, place, own));
  markScrollable(el);
  return el;
}

function follows(m, before) {
  return Boolean(before && !inThread(before.id).length && before.author === m.author && before.to === m.to && m.kind === before.kind
    && m.sent_at_ms - before.sent_at_ms < GROUPED_MS && m.kind === "said");
}

function drawBody(m, place) {
  const body = h("div", { class: `body ${m.kind} ${m.state}` });
  if (m.deleted) body.append(h("p", { class: "gone" }, "This message was deleted."));
  else if (m.state === "running") grow(body, m, (m.blocks ?? []).map((_, index) => index));
  else body.innerHTML = m.html;
  if (m.state !== "running") finish(body, m, place);
  return body;
}

/** Show a running answer: only the blocks that changed are touched. */
export function grow(body, m, changed) {
  const blocks = m.blocks ?? [];
  for (const index of changed) {
    const html = blocks[index] ?? "";
    let block = body.querySelector(`[data-block="${index}"]`);
    if (!block) {
      block = h("div", { "data-block": index });
      body.querySelector(".status")?.remove();
      body.append(block);
    }
    block.innerHTML = html;
  }
  const words = m.status || (blocks.length ? "" : "Thinking");
  const status = body.querySelector(".status");
  if (!words) status?.remove();
  else if (status) status.lastChild.textContent = words;
  else body.append(h("p", { class: "status" }, h("i", { "aria-hidden": "true" }), h("span", {}, words)));
}

function finish(body, m, place) {
  for (const pre of body.querySelectorAll("pre")) {
    const box = h("div", { class: "code" });
    pre.replaceWith(box);
    box.append(pre, tool("copy", "Copy code", (e) => copy(pre.textContent, e.currentTarget)));
    pre.setAttribute("role", "group");
    pre.setAttribute("aria-label", "Code");
  }
  for (const table of body.querySelectorAll("table:not(.unseen table)")) {
    const box = h("div", { class: "wide", role: "group", label: "Table" });
    table.replaceWith(box);
    box.append(table);
  }
  for (const button of body.querySelectorAll("button[data-command]")) {
    button.addEventListener("click", () => run("commands", { message: m.id, command: button.dataset.command }, place, button));
  }
  highlight(body);
}

function highlight(body) {
  const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    if (!walker.currentNode.parentElement.closest("code, pre, a") && MENTION().test(walker.currentNode.data)) found.push(walker.currentNode);
  }
  for (const text of found) {
    const pieces = [];
    let end = 0;
    for (const match of text.data.matchAll(MENTION())) {
      pieces.push(text.data.slice(end, match.index), h("span", { class: "at" }, match[0]));
      end = match.index + match[0].length;
    }
    text.replaceWith(...pieces, text.data.slice(end));
  }
}

function drawFile(file) {
  const url = `/playground/files/${file.id}?type=${encodeURIComponent(file.media_type)}`;
  if (/^image\/(png|jpeg|gif|webp)$/.test(file.media_type)) {
    return h("a", { href: url, target: "_blank" }, h("img", { src: url, alt: file.name }));
  }
  return h("a", { class: "file", href: url, download: file.name }, icon("clip"), file.name);
}

function drawActions(m, place) {
  const made = Object.entries(m.reactions);
  const quick = m.can_rate ? ["+1", "-1"] : [];
  const names = [...quick, ...made.map(([name]) => name).filter((name) => !quick.includes(name))];
  const row = names.map((name) => {
    const people = m.reactions[name] ?? [];
    const on = people.includes(S.me);
    const who = people.map(nameOf).join(", ");
    const label = [{ "+1": "Good answer", "-1": "Not helpful" }[name] ?? name, who].filter(Boolean).join(": ");
    return h("button", {
      class: `chip${people.length ? "" : " bare"}`, "aria-pressed": String(on), label, title: label, "data-k": `r${name}`,
      onclick: () => run("reactions", { message: m.id, emoji: name, on: !on }, place),
    }, h("span", { "aria-hidden": "true" }, S.emoji[name]), people.length ? h("span", { class: "count" }, String(people.length)) : null);
  });
  if (m.can_retry && m.state !== "running") {
    row.unshift(h("button", {
      class: "again", "data-k": "again",
      onclick: (e) => run("again", { message: m.id, click: crypto.randomUUID() }, place, e.currentTarget),
    }, icon("again"), "Try again"));
  }
  if (m.can_cancel) {
    row.unshift(h("button", {
      class: "again", "data-k": "cancel",
      onclick: (e) => run("stop", { room: m.room, thread: m.thread }, place, e.currentTarget),
    }, icon("stop"), "Cancel"));
  }
  return row.length ? [h("div", { class: "chips" }, row)] : [];
}

function drawSummary(m, place) {
  const replies = inThread(m.id);
  if (!replies.length) return null;
  const authors = [...new Set(replies.map((reply) => reply.author))].slice(0, 4);
  const last = replies[replies.length - 1];
  const count = `${replies.length} ${replies.length === 1 ? "reply" : "replies"}`;
  const news = unreadReplies(m);
  const busy = replies.some((reply) => reply.state === "running");
  return h("button", { class: `summary${news ? " new" : ""}`, "data-k": "sum", onclick: () => place.openThread(m.id) },
    h("span", { class: "faces" }, authors.map((author) => face(author, S.people, true))),
    h("b", {}, count),
    h("span", { class: news && !busy ? "news-count" : null }, busy ? "answering…" : news ? `${news} new` : `last at ${timeOf(last.sent_at_ms)}`));
}

function drawToolbar(m, place, own) {
  const bar = h("div", { class: "bar-float", role: "group", label: "Message actions" });
  bar.append(tool("smile", "React", (e) => pickEmoji(e.currentTarget, (emoji) => {
    const on = !(m.reactions[emoji] ?? []).includes(S.me);
    run("reactions", { message: m.id, emoji, on }, place);
  })));
  if (!place.inThread && !place.direct) bar.append(tool("thread", "Reply in thread", () => place.openThread(m.id, true)));
  if (m.text) bar.append(tool("copy", "Copy text", (e) => copy(m.text, e.currentTarget)));
  if (own) bar.append(tool("bin", "Delete", () => run("delete", { message: m.id }, place)));
  return bar;
}

async function run(name, fields, place, button = null) {
  if (button) button.disabled = true;
  try { await post(name, fields); } catch (error) { place.showError(error.message); }
  if (button) button.disabled = false;
}
