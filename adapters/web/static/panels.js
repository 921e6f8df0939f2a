// What opens above the page: emoji, model, failures, shortcuts.

import { $, h, icon } from "./dom.js";
import { S, post } from "./store.js";

let open = null;

export const close = () => open?.hidePopover();

/** A popover beside its button, focused on the first thing in it; pressing the button again closes it. */
function popover(anchor, label, ...children) {
  const same = open?.anchor === anchor;
  close();
  if (same) return null;
  const panel = h("div", { class: "panel", role: "dialog", label, tabindex: "-1", popover: "auto" }, children);
  panel.anchor = anchor;
  panel.addEventListener("toggle", (e) => {
    if (e.newState === "open") return;
    if (open === panel) open = null;
    anchor.setAttribute("aria-expanded", "false");
    if (panel.contains(document.activeElement) || document.activeElement === document.body) anchor.focus();
    panel.remove();
  });
  document.body.append(panel);
  panel.showPopover();
  open = panel;
  place(panel, anchor);
  anchor.setAttribute("aria-expanded", "true");
  (panel.querySelector("[aria-checked=true], button, input") ?? panel).focus({ preventScroll: true });
  return panel;
}

function place(panel, anchor) {
  const from = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = panel;
  const left = Math.max(8, Math.min(from.right - width, innerWidth - width - 8));
  const below = from.bottom + 6;
  const top = below + height > innerHeight - 8 ? Math.max(8, from.top - height - 6) : below;
  panel.style.left = `${left}px`;
  panel.style.top = `${top}px`;
}

export function pickEmoji(anchor, chosen) {
  const names = Object.keys(S.emoji);
  const grid = h("div", { class: "emoji" }, names.map((name) => h("button", {
    label: name, title: name, onclick: () => { close(); chosen(name); },
  }, S.emoji[name])));
  grid.addEventListener("keydown", (e) => arrows(e, [...grid.children], 6));
  popover(anchor, "Reactions", grid);
}

export function arrows(e, items, perRow = 1) {
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: perRow, ArrowUp: -perRow };
  if (!(e.key in steps)) return;
  e.preventDefault();
  const next = items.indexOf(document.activeElement) + steps[e.key];
  items[(next + items.length) % items.length].focus();
}

function choice({ id, name, detail }, on, chosen) {
  return h("button", { role: "radio", class: "choice", "aria-checked": String(on), "data-id": id, onclick: chosen },
    h("span", { class: "dot", "aria-hidden": "true" }, on ? icon("check") : null),
    h("span", {}, h("b", {}, name), h("small", {}, detail)));
}

function choices(label, items) {
  const group = h("div", { role: "radiogroup", label: label }, items);
  group.addEventListener("keydown", (e) => arrows(e, [...group.children]));
  return group;
}

export async function showModels(anchor) {
  const error = h("p", { class: "error", role: "alert", hidden: true });
  const fail = (problem) => { error.textContent = problem.message; error.hidden = false; };
  const list = h("div", {}, h("p", { class: "fine" }, "Looking for models…"));
  const field = (label, name, more) => h("label", {}, h("span", {}, label), h("input", { name, autocomplete: "off", spellcheck: "false", ...more }));
  const form = h("form", { class: "key", hidden: true },
    field("Model", "model", { placeholder: "openai/gpt-5-mini", required: true }),
    field("Key", "key", { type: "password" }),
    field("Address (for a proxy or your own server)", "base_url", { placeholder: "https://…" }),
    h("p", { class: "fine" }, "Kept in memory until the bot stops; never written down."),
    h("button", { type: "submit", class: "primary" }, "Use this model"));
  form.addEventListener("submit", async (e) => {
    e.preventDefault();
    try { await post("models", Object.fromEntries(new FormData(form))); close(); } catch (problem) { fail(problem); }
  });
  const other = h("button", { class: "more", "aria-expanded": "false", onclick: () => {
    form.hidden = !form.hidden;
    other.setAttribute("aria-expanded", String(!form.hidden));
    if (!form.hidden) form.elements.model.focus();
    place(panel, anchor);
  } }, "Paste a key…");
  const panel = popover(anchor, "Model", h("h2", {}, "Who answers?"), list, error, other, form);
  if (!panel) return;
  try {
    const response = await fetch("/playground/models");
    const { offers } = await response.json();
    list.replaceChildren(choices("Models", offers.map((card) => choice(card, card.id === S.model?.id, async () => {
      try { await post("models", { use: card.id }); close(); } catch (problem) { fail(problem); }
    }))));
    if (panel.isConnected) { place(panel, anchor); list.querySelector("[aria-checked=true], button")?.focus(); }
  } catch { list.replaceChildren(h("p", { class: "fine" }, "The list could not be read.")); }
}

export function showFaults(anchor) {
  const all = [{ id: "", name: "Everything works", detail: "No failure" }, ...S.faults];
  popover(anchor, "Failures", h("h2", {}, "What goes wrong next?"),
    h("p", { class: "fine" }, "The demo model really fails this way, so you see what people would see."),
    choices("Failures", all.map((fault) => choice(fault, fault.id === S.fault, async () => {
      try { await post("faults", { kind: fault.id }); } catch { /* the choice stays as it was */ }
      close();
    }))));
}

const KEYS = [
  ["Enter", "Send"], ["Shift Enter", "New line"], ["@", "Mention the bot or somebody"], ["/", "Commands"],
  ["Alt S", "Stop the answer"], ["Alt ↑ ↓", "Other room"], ["Alt 1 2 3", "Speak as somebody else"],
  ["Esc", "Close what is open"], ["?", "This list"],
];

export function showHelp() {
  const dialog = h("dialog", { class: "help", "aria-labelledby": "help-title" },
    h("header", {}, h("h2", { id: "help-title" }, "Keyboard shortcuts"),
      h("button", { class: "tool", label: "Close", onclick: () => dialog.close() }, icon("close"))),
    h("dl", {}, KEYS.map(([keys, what]) => h("div", {}, h("dt", {}, what), h("dd", {}, keys.split(" ").map((key) => h("kbd", {}, key)))))));
  dialog.addEventListener("close", () => { dialog.remove(); $("help").focus(); });
  dialog.addEventListener("click", (e) => { if (e.target === dialog) dialog.close(); });
  document.body.append(dialog);
  dialog.showModal();
}
