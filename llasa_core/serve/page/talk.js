// Questions and answers about the recording that is open.

import * as api from "./api.js";
import { clock, dot, element } from "./words.js";

const SOURCES = { "timeline and facts": "From the timeline and measurements", model: "In the model's words" };
const MOST_FACTS = 8;

export class Talk {
  constructor({ onStretch, colour }) {
    this.log = document.getElementById("log");
    this.form = document.getElementById("ask");
    this.box = document.getElementById("question");
    this.onStretch = onStretch;
    this.colour = colour;
    this.messages = [];
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.ask(this.box.value);
    });
    this.box.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.ask(this.box.value);
      }
    });
    document.getElementById("stop").addEventListener("click", () => this.asking?.abort());
    document.getElementById("forget").addEventListener("click", () => this.begin(this.upload, this.suggestions));
  }

  begin(upload, suggestions) {
    this.asking?.abort();
    this.upload = upload;
    this.suggestions = suggestions;
    this.messages = [];
    this.log.replaceChildren();
    document.getElementById("forget").hidden = true;
    const list = document.getElementById("suggestions");
    list.hidden = false;
    list.replaceChildren(...suggestions.map((text) =>
      element("li", {}, element("button", { type: "button", onclick: () => this.ask(text) }, text))));
  }

  async ask(text) {
    const question = text.trim();
    if (!question || this.asking) return;
    const asking = (this.asking = new AbortController());
    this.box.value = "";
    this.setBusy(true);
    document.getElementById("suggestions").hidden = true;
    document.getElementById("forget").hidden = false;
    const said = element("div", { class: "said is-coming" }, element("div", { class: "text" }));
    this.log.append(element("div", { class: "asked" }, question), said);
    this.follow();
    const content = [{ type: "text", text: question }];
    if (!this.messages.length) content.unshift({ type: "file", file: { file_id: this.upload } });
    const messages = [...this.messages, { role: "user", content }];
    try {
      const answer = await this.stream(messages, asking.signal, said);
      this.messages = [...messages, { role: "assistant", content: answer }];
    } catch (error) {
      const stopped = error.name === "AbortError";
      said.append(stopped
        ? element("div", { class: "source" }, "Stopped.")
        : element("div", { class: "error" }, element("p", {}, `${error.shown ?? error.message}.`), ...(error.fix ? [element("p", { class: "soft" }, error.fix)] : [])));
    } finally {
      said.classList.remove("is-coming");
      if (this.asking === asking) this.asking = null;
      this.setBusy(false);
      this.follow();
    }
  }

  async stream(messages, abort, said) {
    const text = said.querySelector(".text");
    let told = {};
    let end = null;
    for await (const chunk of api.complete(messages, abort)) {
      told = { ...told, ...chunk.llasa };
      const choice = chunk.choices[0];
      text.append(choice?.delta?.content ?? "");
      end = choice?.finish_reason ?? end;
      this.follow();
    }
    if (end === "length") text.append(" …");
    if (told.unsupported?.length) said.append(this.warning(told.unsupported));
    said.append(...this.basis(told));
    return text.textContent;
  }

  warning(unsupported) {
    const parts = unsupported.map((one) => element("li", {}, element("b", {}, `“${one.text}”`), `: ${one.why}`));
    return element("div", { class: "warning" }, "Not supported by the recording:", element("ul", {}, ...parts));
  }

  basis(told) {
    const seen = (told.answer_windows ?? []).map((one) => `${clock(one.start_s, 1)}–${clock(one.end_s, 1)}`);
    const line = (SOURCES[told.answered_by] ?? "") + (seen.length ? `; it was shown ${seen.join(", ")}` : "");
    const every = told.facts ?? [];
    const facts = every.slice(0, MOST_FACTS).map((fact) => this.fact(fact));
    if (every.length > MOST_FACTS) facts.push(element("span", { class: "plain" }, `and ${every.length - MOST_FACTS} more`));
    return [
      ...(line ? [element("div", { class: "source" }, line)] : []),
      ...(facts.length ? [element("div", { class: "facts", role: "group", "aria-label": "What the answer rests on" }, ...facts)] : []),
    ];
  }

  fact(fact) {
    if (fact.start_s === null || fact.start_s === undefined) return element("span", { class: "plain" }, fact.text);
    const stretch = `${clock(fact.start_s, 1)}–${clock(fact.end_s, 1)}`;
    const label = fact.text.includes(stretch) ? fact.text : `${fact.text} (${stretch})`;
    const named = this.colour(fact);
    return element("button", { type: "button", title: "Show it in the signal", onclick: () => this.onStretch(fact.start_s, fact.end_s) },
      ...(named ? [dot(named)] : []), label);
  }

  follow() {
    this.log.scrollTop = this.log.scrollHeight;
  }

  setBusy(isBusy) {
    this.log.setAttribute("aria-busy", String(isBusy)); // read out once it is whole
    document.getElementById("send").hidden = isBusy;
    document.getElementById("stop").hidden = !isBusy;
  }
}
