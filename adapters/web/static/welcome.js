// What an empty room says: what the bot does, and a first thing to try.

import { h, icon } from "./dom.js";
import { S } from "./store.js";

const IN_CHANNEL = () => [
  ["Ask it something", `@${S.bot} How do I connect Slack?`, [["", `@${S.bot} How do I connect Slack?`]]],
  ["Let it catch up on a thread", "Jonas and Priya discuss, then you ask", [
    ["jonas", "Do we ship on Thursday or on Monday? The tests are green, but the docs are not ready."],
    ["priya", "Docs first. I would rather take Monday."],
    ["", `@${S.bot} Please sum up what we said`]]],
  ["See how it writes", "A list, a table and some code, streamed", [["", `@${S.bot} Show me your formatting: a list, a table and some code`]]],
  ["Look at the numbers", "/stats 24h: questions, cost, speed", [["", "/stats 24h"]]],
];
const IN_DIRECT = () => [
  ["Ask without a mention", "What does this cost?", [["", "What does this cost?"]]],
  ["See what it can do", "/help", [["", "/help"]]],
  ["Make it yours", "/settings: model and temperature", [["", "/settings"]]],
  ["Start anew", "/reset forgets this conversation", [["", "/reset"]]],
];

export function drawWelcome(room, start) {
  const channel = room.kind === "channel";
  const cards = (channel ? IN_CHANNEL() : IN_DIRECT()).map(([title, detail, lines]) => h("button", {
    class: "card", onclick: () => start(lines),
  }, h("b", {}, title), h("span", {}, detail)));
  return h("div", { class: "welcome" },
    h("span", { class: "face bot big", "aria-hidden": "true" }, icon("bot")),
    h("h2", {}, channel ? `This is #${room.name}` : "Just the two of you"),
    h("p", {}, channel
      ? `Mention @${S.bot} and it answers in a thread, word by word. Speak as one person and then as another, and see how it follows.`
      : `Here every message is for ${S.bot}, and it remembers what was said before.`),
    h("div", { class: "cards" }, cards));
}
