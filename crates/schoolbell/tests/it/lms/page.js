/* An LMS as simple as can be: it hands what it keeps to scorm-again, and keeps what that hands back. */
const { edition, learner, launch_data, values, mode } = await (await fetch(`/facts${location.search}`)).json();
const is12 = edition === "1.2";
const { Scorm12API, Scorm2004API } = await import(is12 ? "/scorm12.min.js" : "/scorm2004.min.js");
const api = new (is12 ? Scorm12API : Scorm2004API)({
  lmsCommitUrl: `/commit${location.search}`, dataCommitFormat: "flattened", logLevel: 5, autocommit: false,
});
const suspended = values[is12 ? "cmi.core.exit" : "cmi.exit"] === "suspend";
const entry = suspended ? "resume" : "ab-initio";
const credit = mode === "review" ? "no-credit" : "credit";
const own = is12
  ? { "cmi.core.student_id": learner, "cmi.core.student_name": "Lovelace, Ada", "cmi.core.entry": entry, "cmi.core.lesson_mode": mode, "cmi.core.credit": credit }
  : { "cmi.learner_id": learner, "cmi.learner_name": "Ada Lovelace", "cmi.entry": entry, "cmi.mode": mode, "cmi.credit": credit };
const kept = Object.fromEntries(Object.entries(values).filter(([name, value]) => typeof value === "string" && value !== "" && !/exit$|session_time$/.test(name)));
api.loadFromFlattenedJSON({ ...kept, "cmi.launch_data": launch_data, ...own });
window[is12 ? "API" : "API_1484_11"] = api;
const frame = document.createElement("iframe");
frame.src = "/course/index.html";
frame.title = "Course";
document.body.append(frame);
