/*
 * An uploaded SCORM package. It runs in a frame and finds its API here, in the frame around it. The API is scorm-again's, as published
 * (scorm12.min.js, scorm2004.min.js); what the package sets is kept on the platform, and what it says of completion is reported.
 */
import { DONE, make, outcome } from "./element.js";

/* What the platform keeps at most, in UTF-8 bytes. */
const RESUME_BYTES_MAX = 65536;
/* A package that has not begun after this is a plain page: it will never say that it is finished. */
const BEGINS_WITHIN_MS = 10000;

const EDITIONS = {
  "1.2": {
    load: async () => (await import("./scorm12.min.js")).Scorm12API,
    name: "API",
    events: { begin: "LMSInitialize", set: "LMSSetValue.cmi.*", commit: "LMSCommit", end: "LMSFinish" },
    start: ({ launch_data: data, mastery_score: mastery }, learner, isResumed) => ({
      ...(data ? { "cmi.launch_data": data } : {}),
      ...(mastery ? { "cmi.student_data.mastery_score": mastery } : {}),
      "cmi.core.student_id": learner.id, "cmi.core.student_name": learner.name,
      "cmi.core.entry": isResumed ? "resume" : "ab-initio", "cmi.core.lesson_mode": "normal", "cmi.core.credit": "credit",
    }),
    location: "cmi.core.lesson_location",
    total: "cmi.core.total_time",
    verdict: (values, hasEnded) => {
      const status = values["cmi.core.lesson_status"];
      /* A package may say "failed" and let the learner try again: it counts once the package has ended. */
      if (status === "failed" && !hasEnded) return {};
      if (!["passed", "completed", "failed"].includes(status)) return {};
      return { status: "completed", pass: status === "completed" ? null : status === "passed" };
    },
    result: (values) => scaled(values, "cmi.core.score."),
    progress: () => null,
  },
  "2004": {
    load: async () => (await import("./scorm2004.min.js")).Scorm2004API,
    name: "API_1484_11",
    events: { begin: "Initialize", set: "SetValue.cmi.*", commit: "Commit", end: "Terminate" },
    start: ({ launch_data: data }, learner, isResumed) => ({
      ...(data ? { "cmi.launch_data": data } : {}),
      "cmi.learner_id": learner.id, "cmi.learner_name": learner.name,
      "cmi.entry": isResumed ? "resume" : "ab-initio", "cmi.mode": "normal", "cmi.credit": "credit",
    }),
    location: "cmi.location",
    total: "cmi.total_time",
    verdict: (values, hasEnded) => {
      const success = values["cmi.success_status"];
      const isComplete = values["cmi.completion_status"] === "completed";
      if (success === "passed") return { status: "completed", pass: true };
      if (success === "failed") return isComplete && hasEnded ? { status: "completed", pass: false } : {};
      return isComplete ? { status: "completed", pass: null } : {};
    },
    result: (values) => {
      const share = number(values["cmi.score.scaled"]);
      return share === null ? scaled(values, "cmi.score.") : Math.round(Math.max(0, Math.min(1, share)) * 100);
    },
    progress: (values) => number(values["cmi.progress_measure"]),
  },
};

/* What each launch sets anew. */
const FLEETING = /(student|learner)_(id|name)$|\.(entry|credit|lesson_mode|mode|session_time|launch_data|mastery_score|total_time)$|comments_from_lms/;

export async function showPackage(place, facts, course, player) {
  const words = EDITIONS[facts.edition === "1.2" ? "1.2" : "2004"];
  let Api;
  try {
    Api = await words.load();
  } catch {
    return player.fail("The course cannot be reached", "Please check your connection to the internet.", () => window.location.reload());
  }
  place.classList.add("full");
  begin(place, new Runtime(words, Api, facts, player), facts.entry_url, course.title);
}

function begin(place, runtime, entry, title) {
  const frame = make("iframe", { title, src: entry, allow: "fullscreen; autoplay", allowfullscreen: true });
  runtime.ended = () => {
    const again = make("button", { type: "button", class: "first", onclick: () => window.location.reload() }, "Open it again");
    const words = make("p", {}, runtime.player.isFinished() ? DONE : "Your progress is kept.");
    runtime.player.finished = () => { words.textContent = DONE; };
    const heading = make("h2", { tabindex: "-1" }, "The course has ended");
    place.classList.remove("full");
    place.replaceChildren(make("section", { class: "card", lang: "en" }, heading, words, make("p", { class: "buttons" }, again)));
    heading.focus();
  };
  frame.addEventListener("load", () => setTimeout(() => offer(place, runtime), BEGINS_WITHIN_MS), { once: true });
  place.replaceChildren(frame);
}

/** A page that does not speak SCORM: the learner says when it is finished. */
function offer(place, runtime) {
  if (runtime.hasBegun || runtime.hasEnded || runtime.player.isFinished()) return;
  const done = make("div", { class: "end", lang: "en" });
  const words = make("p", {}, "Have you seen everything? Then say so, and the course is finished.");
  const button = make("button", { type: "button", class: "first" }, "I have finished it");
  button.addEventListener("click", () => {
    runtime.player.report({ status: "completed", progress: 1 }, true);
    const finished = outcome(runtime.player);
    done.replaceChildren(finished);
    finished.focus();
  });
  done.append(words, make("p", { class: "buttons" }, button));
  place.append(done);
}

/** The API that the package finds, filled with what is kept, and what becomes of its calls. */
class Runtime {
  constructor(words, Api, facts, player) {
    this.words = words;
    this.player = player;
    this.hasBegun = false;
    this.hasEnded = false;
    this.ended = () => {};
    const kept = recall(player.answer.resume);
    const learner = { id: String(player.answer.learner.id), name: String(player.answer.learner.name) };
    this.api = new Api({ autocommit: false, lmsCommitUrl: false, logLevel: 5, autoCompleteLessonStatus: true, mastery_override: Boolean(facts.mastery_score) });
    this.api.loadFromFlattenedJSON({ ...kept, ...words.start(facts, learner, Object.keys(kept).length > 0) });
    window[words.name] = this.api;
    const { events } = words;
    this.api.on(events.begin, () => { this.hasBegun = true; player.report({}, true); });
    this.api.on(events.set, () => this.#report(false));
    this.api.on(events.commit, () => this.#report(true));
    this.api.on(events.end, () => this.#end());
    player.atEnd = () => { if (this.hasBegun && !this.hasEnded) this.#report(false, true); };
  }

  #end() {
    this.hasEnded = true;
    this.#report(true);
    /* After the package's own call has come to its end. */
    setTimeout(() => this.ended());
  }

  #report(isUrgent, isLast = false) {
    const { words, player } = this;
    const values = this.api.getFlattenedCMI();
    const verdict = words.verdict(values, this.hasEnded || isLast);
    const isNews = verdict.status === "completed" && !player.isFinished();
    const resume = this.#kept(values);
    const location = String(values[words.location] || "").slice(0, 1000);
    const change = { ...verdict, resume };
    if (location) change.location = location;
    const [result, progress] = [words.result(values), words.progress(values)];
    if (result !== null) change.result = result;
    if (progress !== null) change.progress = Math.max(0, Math.min(1, progress));
    player.report(change, isUrgent || isNews);
  }

  /** All that the package set, or as much as there is room for: answers to questions are left out first. */
  #kept(values) {
    const own = Object.entries(values).filter(([name, value]) => typeof value === "string" && value !== "" && !FLEETING.test(name));
    const total = this.api.cmi.getCurrentTotalTime();
    if (total) own.push([this.words.total, total]);
    const fits = (entries) => {
      const text = JSON.stringify(Object.fromEntries(entries));
      return new TextEncoder().encode(text).length <= RESUME_BYTES_MAX ? text : null;
    };
    return fits(own) ?? fits(own.filter(([name]) => !/^cmi\.(interactions|comments)/.test(name)))
      ?? fits(own.filter(([name]) => !/^cmi\.(interactions|comments|objectives)/.test(name)));
  }
}

function recall(resume) {
  try {
    const kept = JSON.parse(resume);
    const isFine = ([name, value]) => name.startsWith("cmi.") && typeof value === "string" && !FLEETING.test(name) || /total_time$/.test(name);
    return kept && typeof kept === "object" ? Object.fromEntries(Object.entries(kept).filter(isFine)) : {};
  } catch {
    return {};
  }
}

function scaled(values, prefix) {
  const [raw, min, max] = ["raw", "min", "max"].map((name) => number(values[prefix + name]));
  if (raw === null) return null;
  const [low, high] = [min ?? 0, max ?? 100];
  return high > low ? Math.round(Math.max(0, Math.min(1, (raw - low) / (high - low))) * 100) : null;
}

function number(value) {
  const found = typeof value === "number" ? value : parseFloat(value);
  return Number.isFinite(found) ? found : null;
}
