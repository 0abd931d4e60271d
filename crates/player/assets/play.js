/*
 * The page that a learner sees: it exchanges the one-time token in its address for a session, shows the course, and tells where
 * things stand. No cookie and no storage; the session is in memory, and in the tab's own history entry so that reloading goes on.
 */
import { Around } from "./around.js";
import { make } from "./element.js";
import { Saving, ask } from "./saving.js";
import { showLink } from "./link.js";
import { showPackage } from "./package.js";
import { showText } from "./text.js";
import { showVideo } from "./video.js";

const at = (id) => document.getElementById(id);

/** Which course it is: the last part of the address. */
function learningObject() {
  return Number(location.pathname.split("/").pop());
}

/** What this very page had before it was reloaded. A copy of the tab is another page: two must not speak with one voice. */
function kept() {
  const [navigation] = performance.getEntriesByType("navigation");
  const state = history.state;
  return navigation && navigation.type === "reload" && state && state.answer && state.lo === learningObject() ? state : null;
}

async function start() {
  const before = kept();
  if (before) return show(before.answer, before.sequence);
  const query = new URLSearchParams(location.search);
  const request = { lo: learningObject() };
  if (query.has("launch")) request.launch = query.get("launch");
  else if (query.has("oneTimeToken")) request.one_time_token = query.get("oneTimeToken");
  else return fail("There is nothing to open", "This address opens a course only together with a link that was made for you. Open the course again from where you found it.");
  await exchange(request);
}

async function exchange(request) {
  say("Opening the course…");
  const answer = await ask("exchange", request);
  if (answer && answer.status === 200 && answer.body) return show(answer.body, 0);
  const message = answer && answer.body && answer.body.message;
  if (!answer || answer.isPassing) {
    return fail("The course cannot be reached", message || "Please check your connection to the internet.", () => exchange(request));
  }
  fail("The course was not opened", message || "The course platform refused to open it.");
}

/** Instead of a course: what is wrong, and what can be done. */
function fail(title, text, again) {
  const heading = make("h2", { tabindex: "-1" }, title);
  const buttons = again ? make("p", { class: "buttons" }, make("button", { type: "button", class: "first", onclick: again }, "Try again")) : null;
  say(`${title}.`, "bad");
  at("course").replaceChildren(make("section", { class: "card" }, heading, make("p", {}, text), buttons));
  heading.focus();
}

function say(words, kind = "") {
  if (at("words").textContent !== words) at("words").textContent = words;
  const header = document.querySelector("header");
  header.classList.remove("good", "bad");
  if (kind) header.classList.add(kind);
}

/** The course is there: shows it, and connects what it reports with the platform and with the LMS around. */
function show(answer, sequence) {
  const { learning_object: course } = answer;
  const page = {
    answer,
    isFinished: answer.enrollment.status === "completed",
    progress: typeof answer.progress === "number" ? answer.progress : null,
    fault: null,
    isLmsSaved: true,
  };
  const around = new Around(answer.frame_origin, {
    greeted: (isFramed) => document.querySelector("header").classList.toggle("framed", isFramed),
    lms: (isSaved) => { page.isLmsSaved = isSaved; tell(page); },
  });
  const saving = new Saving(answer.session, sequence, {
    saved: (enrollment, sent) => {
      answer.enrollment = enrollment;
      if (sent.resume !== null) answer.resume = sent.resume;
      if (sent.location !== null) answer.location = sent.location;
      history.replaceState({ lo: learningObject(), answer, sequence: saving.sequence }, "");
      const isNews = !page.isFinished && enrollment.status === "completed";
      page.isFinished = enrollment.status === "completed";
      around.status(enrollment, sent);
      if (isNews) player.finished();
      tell(page);
    },
    state: (fault) => {
      page.fault = fault;
      around.saved(fault);
      tell(page);
    },
  });
  history.replaceState({ lo: learningObject(), answer, sequence }, "", location.pathname);
  document.title = course.title;
  at("title").textContent = course.title;
  if (course.language) at("title").lang = at("course").lang = course.language;
  const player = {
    answer,
    isFinished: () => page.isFinished,
    report: (change, isUrgent) => {
      if (typeof change.progress === "number") page.progress = change.progress;
      saving.report(change, isUrgent);
      tell(page);
    },
    fail,
    /* Called when the page goes away, for what is to be reported last. */
    atEnd: () => {},
    /* Called when the platform says that the course is finished. */
    finished: () => {},
  };
  addEventListener("pagehide", () => { player.atEnd(); saving.end(); });
  addEventListener("online", () => saving.hurry());
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") saving.hurry(); });
  around.ready();
  at("course").replaceChildren();
  showContent(course, player);
  tell(page);
}

function showContent(course, player) {
  const { content } = course;
  const place = at("course");
  if (content && typeof content.text_html === "string") return showText(place, content.text_html, player);
  if (content && content.video_url) return showVideo(place, content.video_url, player);
  if (content && content.link_url) return showLink(place, content.link_url, course, player);
  if (content && content.package) return showPackage(place, content.package, course, player);
  fail("There is nothing to show", "This course has no content yet. Please tell whoever looks after your courses.");
}

/** Where things stand; what is not saved before all else. */
function tell({ answer, isFinished, progress, fault, isLmsSaved }) {
  at("badge").hidden = !isFinished;
  at("progress").hidden = progress === null || isFinished;
  if (progress !== null) at("progress").value = progress;
  const leaves = answer.leaves_at && !isFinished ? new Date(answer.leaves_at) : null;
  at("leaves").hidden = !leaves;
  if (leaves) at("leaves").textContent = `This course leaves on ${leaves.toLocaleDateString("en", { dateStyle: "long" })}. Please finish it before then.`;
  if (fault && fault.text) say(`Not saved: ${fault.text} ${fault.isFinal ? "" : "We keep trying: please keep this page open."}`.trim(), "bad");
  else if (!isLmsSaved) say("Saved here, but not yet in your learning system. Please keep both pages open.", "bad");
  else if (fault) say("Saving…");
  else say(isFinished ? "Finished and saved." : "Saved.", "good");
}

start();
