/*
 * A small LMS: what one must do to launch a SCORM package, and no more. The package's page is in a frame of this site, and finds the API in
 * this window. What it writes is kept by the server; what the webhook brought comes by an event stream.
 */
import { Scorm12API } from "./scorm12.js";

/* What is shown of the record, by what people call it. */
const SHOWN = {
  "Status": "cmi.core.lesson_status",
  "Score": "cmi.core.score.raw",
  "Time spent": "cmi.core.total_time",
  "Place": "cmi.core.lesson_location",
  "Learner id": "cmi.core.student_id",
  "Launch data": "cmi.launch_data",
};
/* What each launch sets anew. */
const FLEETING = ["cmi.core.session_time", "cmi.core.exit", "cmi.core.entry"];

const at = (id) => document.getElementById(id);
const facts = await (await fetch("facts")).json();
let record = await (await fetch("record")).json();

at("who").textContent = `${facts.customer} (portal ${facts.portal_id}), learner ${facts.learner_name}, ${facts.learner_id}`;
at("course-title").textContent = facts.course;
at("open").addEventListener("click", open);
at("close").addEventListener("click", close);
showRecord();
listen();

function open() {
  const isResumed = Boolean(record["cmi.core.lesson_status"]) && record["cmi.core.lesson_status"] !== "not attempted";
  const api = new Scorm12API({ autocommit: false, lmsCommitUrl: false, logLevel: 5, autoCompleteLessonStatus: false });
  api.loadFromFlattenedJSON({
    ...record,
    "cmi.core.student_id": facts.learner_id,
    "cmi.core.student_name": facts.learner_name,
    "cmi.core.entry": isResumed ? "resume" : "ab-initio",
    "cmi.core.lesson_mode": "normal",
    "cmi.core.credit": "credit",
  });
  window.API = api;
  const kept = () => keep(api);
  api.on("LMSSetValue.cmi.*", kept);
  api.on("LMSCommit", kept);
  api.on("LMSFinish", kept);
  const frame = document.createElement("iframe");
  frame.title = facts.course;
  frame.src = `course/${facts.entry}`;
  frame.allow = "fullscreen; autoplay";
  at("course").replaceChildren(frame);
  at("open").hidden = true;
  at("close").hidden = false;
  at("close").focus();
}

/** The package finishes by itself when its page goes. */
function close() {
  const words = document.createElement("p");
  words.textContent = "The course is closed. What was reached is kept.";
  at("course").replaceChildren(words);
  at("close").hidden = true;
  at("open").hidden = false;
  at("open").textContent = "Open the course again";
  at("open").focus();
}

async function keep(api) {
  const values = api.getFlattenedCMI();
  const total = api.cmi.getCurrentTotalTime();
  const own = Object.entries(values).filter(([name, value]) => typeof value === "string" && value !== "" && !FLEETING.includes(name));
  record = { ...Object.fromEntries(own), ...(total ? { "cmi.core.total_time": total } : {}) };
  showRecord();
  await fetch("record", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(record), keepalive: true });
}

function showRecord() {
  const rows = Object.entries(SHOWN).filter(([, name]) => record[name]);
  const list = facts_list(rows.map(([words, name]) => [words, record[name]]));
  for (const value of list.querySelectorAll("dd")) {
    if (["passed", "completed"].includes(value.textContent)) value.className = "good";
  }
  list.id = "record";
  at("record").replaceWith(list);
}

function facts_list(rows) {
  const list = document.createElement("dl");
  for (const [words, value] of rows) {
    const [term, description] = [document.createElement("dt"), document.createElement("dd")];
    term.textContent = words;
    description.textContent = String(value);
    list.append(term, description);
  }
  return list;
}

/* ---- What the application heard */

function listen() {
  const heard = new Set();
  const stream = new EventSource("told");
  stream.addEventListener("message", (event) => {
    /* After a break the stream begins anew. */
    if (heard.has(event.lastEventId)) return;
    heard.add(event.lastEventId);
    tell(JSON.parse(event.data));
  });
}

const WORDS = {
  received: (told) => [`The webhook: ${told.event_type}`, [
    ["Event", told.event_id], ["Attempt", `${told.attempt_number}, signature good`],
    ...Object.entries(told.data || {}).map(([name, value]) => [`data.${name}`, value])]],
  kept: () => ["Kept on disk, and only then answered 200", []],
  again: () => ["It was here already", []],
  fetched: (told) => [`Asked the platform about enrollment ${told.enrollment_id}`, []],
  recorded: ({ completion }) => ["Recorded", completion ? [
    ["Learner", completion.external_id || completion.email], ["Status", completion.status],
    ["Passed", completion.pass ? "yes" : "no"], ["Content", completion.lo_id], ["Read from", completion.details_from],
    ["Completed", completion.completed_at]] : []],
  waiting: (told) => ["Waits", [["Why", told.reason]]],
  given_up: (told) => ["Given up", [["Why", told.reason]]],
};

function tell(told) {
  const [title, rows] = WORDS[told.what](told);
  const item = document.createElement("li");
  const strong = document.createElement("strong");
  strong.textContent = title;
  item.append(strong);
  if (rows.length > 0) item.append(facts_list(rows));
  if (told.what === "recorded") item.className = "good";
  at("nothing").hidden = true;
  at("told").append(item);
}
