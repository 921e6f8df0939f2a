// The message box: growing text, suggestions for @ and /, files, Send and Stop.

import { h, icon, tell, tool } from "./dom.js";
import { S, post, say } from "./store.js";

const FILE_MAX_BYTES = 5 * 1024 * 1024;
const drafts = new Map();

export class Composer {
  /** `place()` names {room, thread, hint, running}; `sent(answer)` is called after each message. */
  constructor(name, place, sent) {
    this.name = name;
    this.place = place;
    this.sent = sent;
    this.options = [];
    this.active = 0;
    this.files = [];
    this.nonce = null;
    this.list = h("ul", { class: "suggest", id: `${name}-list`, role: "listbox", label: "Suggestions", hidden: true });
    this.error = h("p", { class: "error", role: "alert", hidden: true });
    this.text = h("textarea", {
      id: `${name}-text`, rows: 1, maxlength: 40000, autocomplete: "off",
      "aria-autocomplete": "list", "aria-controls": `${name}-list`,
      oninput: () => this.changed(), onkeydown: (e) => this.key(e), onclick: () => this.suggest(),
      onblur: () => this.close(), onpaste: (e) => this.attach(e.clipboardData.files),
    });
    this.picker = h("input", { type: "file", multiple: true, hidden: true, label: "Files", tabindex: "-1", onchange: (e) => { this.attach(e.target.files); e.target.value = ""; } });
    this.tray = h("div", { class: "tray", hidden: true });
    this.send = h("button", { type: "submit", class: "send", label: "Send", title: "Send (Enter)" }, icon("send"));
    this.halt = h("button", { class: "halt", onclick: () => this.stop(), hidden: true }, icon("stop"), "Stop");
    this.el = h("form", { class: "composer", onsubmit: (e) => { e.preventDefault(); this.submit(); }, ondragover: (e) => e.preventDefault(), ondrop: (e) => { e.preventDefault(); this.attach(e.dataTransfer.files); } },
      this.list, this.error,
      h("div", { class: "box" }, this.tray, this.text,
        h("div", { class: "tools" },
          tool("clip", "Attach a file", () => this.picker.click()), this.picker,
          tool("at", "Mention somebody", () => this.insert("@")),
          tool("slash", "Commands", () => this.insert("/")),
          this.halt, this.send)));
  }

  get where() { const { room, thread } = this.place(); return `${S.me}/${room}/${thread}`; }

  refresh() {
    const { hint, running } = this.place();
    this.text.placeholder = hint;
    this.text.setAttribute("aria-label", hint);
    this.halt.hidden = !running;
    if (this.shown !== this.where) {
      this.shown = this.where;
      this.text.value = drafts.get(this.where) ?? "";
      this.files = [];
      this.drawTray();
      this.showError("");
    }
    this.grow();
  }

  changed() {
    drafts.set(this.where, this.text.value);
    this.nonce = null;
    this.showError("");
    this.grow();
    this.suggest();
  }

  grow() {
    this.text.style.height = "auto";
    this.text.style.height = `${Math.min(this.text.scrollHeight, 220)}px`;
    this.send.disabled = !this.text.value.trim() && !this.files.length;
  }

  showError(words) {
    this.error.textContent = words;
    this.error.hidden = !words;
  }

  insert(sign) {
    const { text } = this;
    const before = text.value.slice(0, text.selectionStart);
    if (sign === "/") text.value = "/";
    else text.setRangeText(before && !/\s$/.test(before) ? ` ${sign}` : sign, text.selectionStart, text.selectionEnd, "end");
    text.focus();
    this.changed();
  }

  // --- suggestions

  suggest() {
    const before = this.text.value.slice(0, this.text.selectionStart);
    const command = /^\/([\w-]*)$/.exec(before);
    const mention = /(?:^|\s)@([\w-]*)$/.exec(before);
    const starts = (word, typed) => word.toLowerCase().startsWith(typed.toLowerCase());
    if (command) {
      this.options = S.commands.filter((one) => starts(one.name, command[1]))
        .map((one) => ({ insert: `/${one.name} `, title: `/${one.usage}`, detail: one.summary, at: 0 }));
    } else if (mention) {
      const at = before.length - mention[1].length - 1;
      const names = [[S.bot, "Asks the bot"], ...S.people.filter((one) => one.id !== S.me).map((one) => [one.name.split(" ")[0], one.name])];
      this.options = names.filter(([name]) => starts(name, mention[1])).map(([name, detail]) => ({ insert: `@${name} `, title: `@${name}`, detail, at }));
    } else this.options = [];
    this.active = 0;
    this.drawList();
    if (this.options.length) tell(`${this.options.length} suggestions`);
  }

  drawList() {
    this.list.replaceChildren(...this.options.map((option, index) => h("li", {
      id: `${this.name}-option-${index}`, role: "option", "aria-selected": String(index === this.active),
      onmousedown: (e) => { e.preventDefault(); this.choose(index); }, onmousemove: () => this.move(index),
    }, h("b", {}, option.title), h("span", {}, option.detail))));
    this.list.hidden = !this.options.length;
    if (this.options.length) this.text.setAttribute("aria-activedescendant", `${this.name}-option-${this.active}`);
    else this.text.removeAttribute("aria-activedescendant");
  }

  move(index) {
    if (index === this.active) return;
    this.active = (index + this.options.length) % this.options.length;
    [...this.list.children].forEach((li, i) => li.setAttribute("aria-selected", String(i === this.active)));
    this.text.setAttribute("aria-activedescendant", `${this.name}-option-${this.active}`);
    this.list.children[this.active].scrollIntoView({ block: "nearest" });
  }

  choose(index) {
    const { insert, at } = this.options[index];
    this.text.setRangeText(insert, at, this.text.selectionStart, "end");
    this.changed();
  }

  close() {
    this.options = [];
    this.drawList();
  }

  key(e) {
    if (e.isComposing) return;
    if (this.options.length) {
      const steps = { ArrowDown: 1, ArrowUp: -1 };
      if (e.key in steps) { e.preventDefault(); this.move(this.active + steps[e.key]); return; }
      const exact = this.text.value.trim() === this.options[this.active].insert.trim();
      if (e.key === "Tab" || (e.key === "Enter" && !exact && !e.shiftKey)) { e.preventDefault(); this.choose(this.active); return; }
      if (e.key === "Escape") { e.stopPropagation(); this.close(); return; }
    }
    if (e.key === "Enter" && !e.shiftKey) { e.preventDefault(); this.submit(); }
  }

  // --- files

  async attach(files) {
    for (const file of files) {
      if (file.size > FILE_MAX_BYTES) { this.showError(`${file.name} is larger than 5 MB.`); continue; }
      if (this.files.length >= 4) { this.showError("Four files at most."); return; }
      try {
        this.files.push(await post(`files?name=${encodeURIComponent(file.name)}`, file));
      } catch (error) { this.showError(error.message); }
      this.drawTray();
      this.grow();
    }
  }

  drawTray() {
    this.tray.hidden = !this.files.length;
    this.tray.replaceChildren(...this.files.map((file) => h("span", { class: "file" }, icon("clip"), file.name,
      tool("close", `Remove ${file.name}`, () => { this.files = this.files.filter((one) => one !== file); this.drawTray(); this.grow(); }))));
  }

  // --- sending

  async submit(text = this.text.value) {
    if (!text.trim() && !this.files.length) return;
    this.close();
    this.nonce ??= crypto.randomUUID();
    const { room, thread } = this.place();
    const { where } = this;
    try {
      const answer = await say({ room, thread, text, nonce: this.nonce, files: this.files.map((file) => file.id) });
      this.nonce = null;
      this.files = [];
      this.drawTray();
      drafts.delete(where);
      if (where === this.where) this.text.value = "";
      this.showError("");
      this.grow();
      this.sent(answer, room, thread);
    } catch (error) { this.showError(error.message); }
  }

  async stop() {
    const { room, thread } = this.place();
    try { await post("stop", { room, thread }); } catch (error) { this.showError(error.message); }
  }
}
