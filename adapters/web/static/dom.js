// Small things around elements: making them, icons, faces, times.

export const $ = (id) => document.getElementById(id);

/** h("button", {class: "tool", onclick: f}, "text", element, null) */
export function h(tag, props = {}, ...children) {
  const el = document.createElement(tag);
  if (tag === "button") el.type = "button";
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) el.addEventListener(name.slice(2), value);
    else if (name === "label") el.setAttribute("aria-label", value);
    else if (name === "html") el.innerHTML = value;
    else el.setAttribute(name, value === true ? "" : value);
  }
  el.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return el;
}

// 20 x 20, stroked. A dot is a line of almost no length.
const ICONS = {
  menu: "M3 6h14M3 10h14M3 14h9",
  close: "m5 5 10 10M15 5 5 15",
  send: "M10 16V4M5 9l5-5 5 5",
  down: "M10 4v12M5 11l5 5 5-5",
  stop: "M6 6h8v8H6z",
  clip: "m15.5 9.5-5.6 5.6a3.6 3.6 0 0 1-5-5l6-6a2.4 2.4 0 0 1 3.4 3.4l-6 6a1.2 1.2 0 0 1-1.7-1.7L12 6.5",
  at: "M13 10a3 3 0 1 0-6 0 3 3 0 0 0 6 0V7v4a2 2 0 0 0 4 0v-1a7 7 0 1 0-3 5.7",
  slash: "M7 3h6q4 0 4 4v6q0 4-4 4H7q-4 0-4-4V7q0-4 4-4M8.3 13.5l3.4-7",
  theme: "M10 3.5v13a6.5 6.5 0 0 0 0-13a6.5 6.5 0 0 0 0 13M12 5v10M14 6.5v7",
  fault: "M11 3 5 11.5h4.5L9 17l6-8.5h-4.5z",
  help: "M17 10a7 7 0 1 0-14 0 7 7 0 0 0 14 0M8 8a2 2 0 1 1 2.8 1.8c-.5.3-.8.7-.8 1.4M10 13.7v.1",
  thread: "M4 5.5h12v8H9.5L6 16v-2.5H4z",
  smile: "M17 10a7 7 0 1 0-14 0 7 7 0 0 0 14 0M7.3 11.8c1.3 1.9 4.1 1.9 5.4 0M7.8 8v.1M12.2 8v.1",
  copy: "M9 7h5.5q2 0 2 2v5.5q0 2-2 2H9q-2 0-2-2V9q0-2 2-2M13 7V5.5q0-2-2-2H5.5q-2 0-2 2V11q0 2 2 2H7",
  bin: "M4 6h12M8 6V4h4v2M6 6l.7 10h6.6L14 6",
  check: "m4.5 10.5 3.5 3.5 7.5-8",
  again: "M15.5 8A6 6 0 1 0 16 11.5M15.8 4v4h-4",
  bot: "M5.8 8.5v1.2M14.2 8.5v1.2M6 13c2.2 2.1 5.8 2.1 8 0",
};

export function icon(name) {
  const make = (tag) => document.createElementNS("http://www.w3.org/2000/svg", tag);
  const svg = make("svg");
  const path = make("path");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}
for (const el of document.querySelectorAll("[data-icon]")) el.replaceWith(icon(el.dataset.icon));

export function tool(name, label, onclick, more = {}) {
  return h("button", { class: "tool", label, title: label, onclick, ...more }, icon(name));
}

export function face(author, people, small = false) {
  const person = people.find((one) => one.id === author);
  const size = small ? " small" : "";
  if (!person) return h("span", { class: `face bot${size}`, "aria-hidden": "true" }, icon("bot"));
  const initials = person.name.split(" ").map((word) => word[0]).join("");
  const tone = people.indexOf(person);
  return h("span", { class: `face tone${tone}${size}`, "aria-hidden": "true" }, small ? initials[0] : initials);
}

const clock = new Intl.DateTimeFormat([], { hour: "numeric", minute: "2-digit" });
const date = new Intl.DateTimeFormat([], { weekday: "long", day: "numeric", month: "long" });
export const timeOf = (ms) => clock.format(ms);
export const dayOf = (ms) => new Date(ms).toDateString();

export function dayName(ms) {
  const days = Math.round((new Date(dayOf(Date.now())) - new Date(dayOf(ms))) / 864e5);
  return days === 0 ? "Today" : days === 1 ? "Yesterday" : date.format(ms);
}

export function tell(words) {
  $("told").replaceChildren(h("p", {}, words));
}

export async function copy(text, button) {
  try { await navigator.clipboard.writeText(text); } catch { return; }
  button.classList.add("done");
  button.replaceChildren(icon("check"));
  tell("Copied");
  setTimeout(() => { button.classList.remove("done"); button.replaceChildren(icon("copy")); }, 1400);
}

/** Elements wider than their place can be scrolled, so the keyboard must reach them. */
export function markScrollable(root) {
  requestAnimationFrame(() => {
    for (const el of root.querySelectorAll("pre, .wide")) {
      if (el.scrollWidth > el.clientWidth) el.tabIndex = 0;
      else el.removeAttribute("tabindex");
    }
  });
}
