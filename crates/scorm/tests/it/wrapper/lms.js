/* A small LMS, told by the fragment of its address how to behave; everything that is asked of it is in `calls`. */
const how = Object.assign(
  { edition: "1.2", values: {}, unread: {}, refused: {}, failing: 0, initialize: "true", silent: false, late: 0, yes: "true", stuck: false, mute: false },
  JSON.parse(decodeURIComponent(location.hash.slice(1) || "{}")),
);
window.how = how;
window.calls = [];
window.values = how.values;

const names = how.edition === "1.2"
  ? ["API", "LMSInitialize", "LMSGetValue", "LMSSetValue", "LMSCommit", "LMSFinish", "LMSGetLastError", "LMSGetErrorString"]
  : ["API_1484_11", "Initialize", "GetValue", "SetValue", "Commit", "Terminate", "GetLastError", "GetErrorString"];
const [api, initialize, get, set, commit, terminate, code, text] = names;

let last = "0";
const answer = (fault, value) => {
  /* Some never take an error back. */
  last = fault || (how.stuck ? last : "0");
  return fault ? (value === undefined ? "false" : "") : value ?? how.yes;
};
const call = (name, does) => (...args) => {
  calls.push([name, ...args]);
  if (how.throws && (how.throws === true || how.throws.includes(name))) throw new Error(`${name} is broken`);
  return does(...args);
};
const lms = {
  [initialize]: call("initialize", () => (how.initialize === "true" ? answer() : answer(how.initialize))),
  [get]: call("get", (element) => {
    const listed = Object.hasOwn(values, element) && !how.unread[element];
    return answer(listed ? null : how.unread[element] || "401", listed ? values[element] : "");
  }),
  [set]: call("set", (element, value) => {
    if (how.refused[element]) return answer(how.refused[element]);
    values[element] = value;
    return answer();
  }),
  [commit]: call("commit", () => (how.failing > 0 ? (how.failing -= 1, answer("391")) : how.mute ? undefined : answer())),
  [terminate]: call("terminate", () => answer()),
  [code]: () => last,
  [text]: (asked) => `error ${asked}`,
};
if (how.where !== "nowhere") {
  if (how.late) setTimeout(() => { window[api] = lms; }, how.late);
  else window[api] = lms;
}
if (how.open) {
  const frame = document.createElement("iframe");
  frame.src = how.open;
  frame.id = "sco";
  document.body.append(frame);
}
