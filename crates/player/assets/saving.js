/*
 * Tells the platform how far the learner has come: one request at a time, again until it is taken, nothing lost on the way.
 * What is reported only ever adds to what was reported before, so several reports that wait are sent as one.
 */

const TIMEOUT_MS = 20000;
const DEBOUNCE_MS = 1000;
/* Only a request that takes longer is worth a word: a video reports every second, and a screen reader reads out every change. */
const SLOW_MS = 1500;
const RETRY_MS_MIN = 1000;
const RETRY_MS_MAX = 30000;

/** Asks the player's server, in plain text as packages do. Gives nothing if there was no answer. */
export async function ask(what, request) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), TIMEOUT_MS);
  try {
    const answer = await fetch(new URL(what, location.href), {
      method: "POST", body: JSON.stringify(request), credentials: "omit", cache: "no-store", signal: stop.signal,
      headers: { "Content-Type": "text/plain;charset=UTF-8" },
    });
    const { status } = answer;
    return { status, isPassing: status === 408 || status === 429 || status >= 500, body: await answer.json().catch(() => null) };
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}

export class Saving {
  #session;
  #listener;
  /* What was reported last, which is the whole truth so far. */
  #last = { status: "in-progress", pass: null, result: null, progress: null, location: null, resume: null };
  #isPending = false;
  #isSending = false;
  #isOver = false;
  #timer = null;
  #retryMs = RETRY_MS_MIN;

  /** `listener.saved` is called with what the platform says, `listener.state` with what is wrong, if anything is. */
  constructor(session, sequence, listener) {
    this.#session = session;
    this.sequence = sequence;
    this.#listener = listener;
  }

  /** Adds to what was reported. What is urgent goes at once, the rest within a second. */
  report(change, isUrgent = false) {
    if (this.#isOver) return;
    this.#last = { ...this.#last, ...change };
    this.#isPending = true;
    if (isUrgent) this.#listener.state({ text: "" });
    if (isUrgent) this.hurry();
    else this.#timer ??= setTimeout(() => this.#send(), DEBOUNCE_MS);
  }

  /** Sends now what waits. */
  hurry() {
    if (this.#isPending) this.#send();
  }

  /** The page goes away: the browser sends by itself what was not taken yet. */
  end() {
    if (!this.#isPending && !this.#isSending) return;
    this.#isPending = false;
    const body = new Blob([JSON.stringify(this.#next())], { type: "text/plain;charset=UTF-8" });
    navigator.sendBeacon(new URL("progress", location.href), body);
  }

  #next() {
    this.sequence += 1;
    return { session: this.#session, sequence: this.sequence, ...this.#last };
  }

  async #send() {
    clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#isSending) return;
    this.#isSending = true;
    const slow = setTimeout(() => this.#listener.state({ text: "" }), SLOW_MS);
    let fault = null;
    while (this.#isPending && !fault) {
      this.#isPending = false;
      const sent = this.#next();
      const answer = await ask("progress", sent);
      if (answer && answer.status === 200 && answer.body) {
        this.#retryMs = RETRY_MS_MIN;
        this.#listener.saved(answer.body.enrollment, sent);
      } else {
        this.#isPending = true;
        fault = this.#refused(answer);
      }
    }
    clearTimeout(slow);
    this.#isSending = false;
    this.#listener.state(fault);
  }

  #refused(answer) {
    if (!answer || answer.isPassing) {
      this.#timer = setTimeout(() => this.#send(), this.#retryMs);
      this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS_MAX);
      return { text: "there is no connection to the course.", isFinal: false };
    }
    this.#isOver = true;
    this.#isPending = false;
    const message = answer.body && answer.body.message;
    return { text: message || "the course platform refused it. Please close the course and open it again.", isFinal: true };
  }
}
