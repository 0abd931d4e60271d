/*
 * Speaks with the package in the LMS, which is in the frame around or opened this window: by numbered messages that are repeated
 * until they are acknowledged, to that one page of that one site, and believing no other.
 */

const PROTOCOL = 1;
const ACK_MS = 1000;
const TRIES_MAX = 30;

export class Around {
  #origin;
  #page;
  #listener;
  #sequence = 0;
  #heard = 0;
  #waiting = new Map();
  #fault = "";

  /** Without an origin nobody is around, and nothing is said. */
  constructor(origin, listener) {
    this.#origin = origin;
    this.#page = window.parent !== window ? window.parent : window.opener;
    this.#listener = listener;
    if (this.#origin && this.#page) addEventListener("message", (event) => this.#hear(event));
  }

  ready() {
    this.#say("ready", {});
  }

  /** What the platform says of the enrollment, in the words that an LMS has for it. */
  status({ status, pass, result }, { progress, location }) {
    const verdict = pass === false ? "failed" : pass === true && typeof result === "number" ? "passed" : "completed";
    const isDone = status === "completed";
    this.#say("status", {
      status: isDone ? verdict : "incomplete",
      score: typeof result === "number" ? result : null,
      progress: isDone ? 1 : progress,
      location,
    });
  }

  /** Says so when something is not saved, and when it is again. */
  saved(fault) {
    const text = fault ? fault.text : "";
    if (fault && !text) return;
    if (text === this.#fault) return;
    this.#fault = text;
    this.#say("saved", text ? { ok: false, reason: text } : { ok: true });
  }

  #say(type, facts) {
    if (!this.#origin || !this.#page) return;
    this.#sequence += 1;
    const body = { ns: "schoolbell", v: PROTOCOL, seq: this.#sequence, type, ...facts };
    this.#deliver(body, 1);
  }

  #deliver(body, tries) {
    if (tries > TRIES_MAX) {
      this.#waiting.delete(body.seq);
      return;
    }
    this.#page.postMessage(body, this.#origin);
    this.#waiting.set(body.seq, setTimeout(() => this.#deliver(body, tries + 1), ACK_MS));
  }

  #hear({ origin, source, data }) {
    if (origin !== this.#origin || source !== this.#page) return;
    if (!data || data.ns !== "schoolbell" || data.v !== PROTOCOL) return;
    if (data.type === "ack") {
      clearTimeout(this.#waiting.get(data.of));
      this.#waiting.delete(data.of);
      return;
    }
    if (typeof data.seq !== "number") return;
    this.#page.postMessage({ ns: "schoolbell", v: PROTOCOL, seq: 0, type: "ack", of: data.seq }, this.#origin);
    if (data.seq <= this.#heard) return;
    this.#heard = data.seq;
    if (data.type === "hello") this.#listener.greeted(window.parent !== window);
    else if (data.type === "lms") this.#listener.lms(data.saved !== false);
  }
}
