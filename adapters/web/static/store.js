// What the page knows: the state, its live updates, and what it posts.

export const S = {
  bot: "", people: [], rooms: [], emoji: {}, commands: [], model: null, faults: [], fault: "",
  messages: new Map(), me: load("me") || "", room: "general", thread: "",
};
const listeners = new Set();
export const listen = (listener) => listeners.add(listener);
const emit = (what, detail) => listeners.forEach((listener) => listener(what, detail));

export function load(name) {
  try { return localStorage.getItem(name); } catch { return null; }
}
export function keep(name, value) {
  try { localStorage.setItem(name, value); } catch { /* storage may be off */ }
}

let source = null;
let again = 0;

/** Read everything, then follow; tries again for as long as it takes. */
export async function connect() {
  source?.close();
  clearTimeout(again);
  let state;
  try {
    const response = await fetch("/playground/state");
    if (!response.ok) throw new Error("starting");
    state = await response.json();
  } catch {
    emit("line", S.people.length ? "Connection lost. Trying again…" : "Starting…");
    again = setTimeout(connect, 400);
    return;
  }
  const { cursor, messages, ...rest } = state;
  Object.assign(S, rest);
  S.messages = new Map(messages.map((message) => [message.id, message]));
  if (!S.people.some((person) => person.id === S.me)) S.me = S.people[0].id;
  emit("line", "");
  emit("state");
  follow(cursor);
}

function follow(cursor) {
  source = new EventSource(`/playground/events?after=${encodeURIComponent(cursor)}`);
  source.onmessage = (event) => receive(JSON.parse(event.data));
  source.onopen = () => emit("line", "");
  source.onerror = () => {
    emit("line", "Connection lost. Trying again…");
    if (source.readyState === EventSource.CLOSED) again = setTimeout(connect, 800);
  };
}

function receive(event) {
  if (event.t === "stale") { connect(); return; }
  if (event.t === "message") {
    const before = S.messages.get(event.message.id);
    S.messages.set(event.message.id, event.message);
    emit("message", { message: event.message, before });
  } else if (event.t === "grow") {
    const message = S.messages.get(event.id);
    if (!message) return;
    message.status = event.s;
    message.blocks ??= [];
    for (const [index, kept, html] of event.c) {
      message.blocks[index] = (message.blocks[index] ?? "").slice(0, kept) + html;
    }
    emit("grow", { message, changed: event.c.map((change) => change[0]) });
  } else if (event.t === "removed") {
    S.messages.delete(event.id);
    emit("removed", event.id);
  } else if (event.t === "switches") {
    S.model = event.model;
    S.faults = event.faults;
    S.fault = event.fault;
    emit("switches");
  }
}

/** Returns the answer; throws an Error with a sentence for people. */
export async function post(name, fields) {
  const raw = fields instanceof Blob;
  const body = raw ? fields : JSON.stringify({ as: S.me, ...fields });
  const type = raw ? fields.type || "application/octet-stream" : "application/json";
  let response;
  try {
    response = await fetch(`/playground/${name}`, {
      method: "POST", body, headers: { "Content-Type": type, "X-Playground": "1" },
    });
  } catch {
    throw new Error("The bot cannot be reached. Is it still running?");
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error || "That did not work. Please try again.");
  return answer;
}

/** Send a message; it is on the page when this returns, even if the live update is still under way. */
export async function say(fields) {
  const answer = await post("messages", { nonce: crypto.randomUUID(), ...fields });
  if (!S.messages.has(answer.id)) receive({ t: "message", message: answer.message });
  return answer;
}

// --- reading the state -----------------------------------------------------

export const roomOf = (id) => S.rooms.find((room) => room.id === id);
export const isDirect = (id) => roomOf(id)?.kind === "direct";
export const visibleTo = (message, who) => !message.to || message.to === who;
export const nameOf = (author) => S.people.find((one) => one.id === author)?.name ?? S.bot;

export function inRoom(room) {
  return [...S.messages.values()].filter((m) => m.room === room && !m.thread && visibleTo(m, S.me));
}
export function inThread(root) {
  return [...S.messages.values()].filter((m) => m.thread === root && visibleTo(m, S.me));
}
export function running(room, thread) {
  const all = thread ? inThread(thread) : inRoom(room);
  return all.filter((m) => m.state === "running").pop();
}

// --- what has been read: ids are in the order of time ------------------------

export const seen = (place) => load(`seen:${S.me}:${place}`) ?? "";
export function markSeen(place, messages) {
  const last = messages.reduce((newest, m) => (m.id > newest ? m.id : newest), "");
  if (last > seen(place)) keep(`seen:${S.me}:${place}`, last);
}
const fresh = (messages, place) => messages.filter((m) => m.author !== S.me && m.id > seen(place)).length;
export function unreadReplies(root) {
  const replies = inThread(root.id);
  const takesPart = root.author === S.me || replies.some((m) => m.author === S.me);
  return takesPart ? fresh(replies, root.id) : 0;
}
export function unread(room) {
  const roots = inRoom(room);
  return fresh(roots, room) + roots.reduce((sum, root) => sum + unreadReplies(root), 0);
}
