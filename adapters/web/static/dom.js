// Small things around elements: making them, icons, faces, times.

export const $ = (id) => document.getElementById(id);

/** h("button", {class: "tool", onclick: f}, "text", element, null) */
export function h(tag, props = {}, ...children) {
  const el = document.createElement(tag);
  if (tag === "button") el.type = "button";
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) el.addEventListener(name.slice(2), value);
    else if (name === "html") el.innerHTML = value;
    else el.setAttribute(name, value === true ? "" : value);
  }
  el.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return el;
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

export function tool(name, label, onclick, more = {}) {
  return h("button", { class: "tool", "aria-label": label, title: label, onclick, ...more }, icon(name));
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
