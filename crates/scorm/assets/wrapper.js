/*
 * Opens a course of the platform inside a learning management system (LMS), and carries the learner's state between the two:
 * what the LMS knows goes to the platform once, what the platform decides goes to the LMS on every change.
 *
 * Static, without remote code; its settings are in config.js beside it. Whether the course is completed is decided on the
 * platform: the LMS is told, and told again if it refuses, but never asked, and never made to know less than it did.
 */
(function () {
  "use strict";

  var PROTOCOL = 1;
  /* Steps from a frame to the frame around it. */
  var PARENTS_MAX = 500;
  /* The API may come up after us: it is looked for this often, this many ms apart. */
  var API_POLLS = 100;
  var API_POLL_MS = 100;
  /* The API of the other edition is taken only once ours had this many chances. */
  var API_POLLS_OF_OURS = 10;
  var LAUNCH_TIMEOUT_MS = 20000;
  var COMMIT_TIMEOUT_MS = 20000;
  /* Progress is written at most this late; a verdict at once. */
  var DEBOUNCE_MS = 900;
  var RETRY_MS_MIN = 1000;
  var RETRY_MS_MAX = 30000;
  /* What could not be sent: one more than this is merged into the last. */
  var QUEUE_MAX = 50;
  /* Entries of a list that are read, and how much is read at all before the rest of the lists is left out. */
  var LIST_MAX = 100;
  var NAMES_MAX = 1500;
  var CHARS_MAX = 150000;
  /* A frame that has not said anything after this was probably refused. */
  var FRAME_SILENT_MS = 15000;
  var ACK_MS = 1000;
  var ACK_TRIES_MAX = 30;
  var FRAME_MIN_WIDTH = 300;
  var FRAME_MIN_HEIGHT = 200;

  /* ---- The two editions of SCORM ------------------------------------------------------------------------------------- */

  var EDITIONS = {
    "1.2": {
      name: "API", version: "1.2", initialize: "LMSInitialize", get: "LMSGetValue", set: "LMSSetValue",
      commit: "LMSCommit", terminate: "LMSFinish", code: "LMSGetLastError", text: "LMSGetErrorString",
      learner: "cmi.core.student_id", mode: "cmi.core.lesson_mode", credit: "cmi.core.credit",
      location: "cmi.core.lesson_location", locationMax: 255, exit: "cmi.core.exit", time: "cmi.core.session_time",
      raw: "cmi.core.score.raw", min: "cmi.core.score.min", max: "cmi.core.score.max",
      elements: [
        "cmi.core._children", "cmi.core.student_id", "cmi.core.student_name", "cmi.core.lesson_location", "cmi.core.credit",
        "cmi.core.lesson_status", "cmi.core.entry", "cmi.core.score._children", "cmi.core.score.raw", "cmi.core.score.max",
        "cmi.core.score.min", "cmi.core.total_time", "cmi.core.lesson_mode", "cmi.suspend_data", "cmi.launch_data",
        "cmi.comments", "cmi.comments_from_lms", "cmi.student_data._children", "cmi.student_data.mastery_score",
        "cmi.student_data.max_time_allowed", "cmi.student_data.time_limit_action", "cmi.student_preference._children",
        "cmi.student_preference.audio", "cmi.student_preference.language", "cmi.student_preference.speed",
        "cmi.student_preference.text", "cmi.objectives._children", "cmi.interactions._children"
      ],
      lists: {
        "cmi.objectives": ["id", "score.raw", "score.max", "score.min", "status"],
        "cmi.interactions": []
      }
    },
    "2004": {
      name: "API_1484_11", version: "2004", initialize: "Initialize", get: "GetValue", set: "SetValue",
      commit: "Commit", terminate: "Terminate", code: "GetLastError", text: "GetErrorString",
      learner: "cmi.learner_id", mode: "cmi.mode", credit: "cmi.credit",
      location: "cmi.location", locationMax: 1000, exit: "cmi.exit", time: "cmi.session_time",
      raw: "cmi.score.raw", min: "cmi.score.min", max: "cmi.score.max",
      elements: [
        "cmi._version", "cmi.learner_id", "cmi.learner_name", "cmi.completion_status", "cmi.completion_threshold",
        "cmi.credit", "cmi.entry", "cmi.launch_data", "cmi.location", "cmi.max_time_allowed", "cmi.mode",
        "cmi.progress_measure", "cmi.scaled_passing_score", "cmi.score._children", "cmi.score.scaled", "cmi.score.raw",
        "cmi.score.min", "cmi.score.max", "cmi.success_status", "cmi.suspend_data", "cmi.time_limit_action",
        "cmi.total_time", "cmi.learner_preference._children", "cmi.learner_preference.audio_level",
        "cmi.learner_preference.language", "cmi.learner_preference.delivery_speed",
        "cmi.learner_preference.audio_captioning", "cmi.comments_from_learner._children", "cmi.comments_from_lms._children",
        "cmi.objectives._children", "cmi.interactions._children", "adl.nav.request", "adl.nav.request_valid.continue",
        "adl.nav.request_valid.previous", "adl.data._children"
      ],
      lists: {
        "cmi.comments_from_learner": ["comment", "location", "timestamp"],
        "cmi.comments_from_lms": ["comment", "location", "timestamp"],
        "cmi.objectives": [
          "id", "score.scaled", "score.raw", "score.min", "score.max", "success_status", "completion_status",
          "progress_measure", "description"
        ],
        "cmi.interactions": [
          "id", "type", "timestamp", "weighting", "learner_response", "result", "latency", "description"
        ],
        "adl.data": ["id", "store"]
      }
    }
  };

  /** The edition that the package declares, as config.js has it: "1.2", "2004", "2004 3rd Edition" … */
  function declared(version) {
    return /^(2004|CAM)/.test(String(version)) ? EDITIONS["2004"] : EDITIONS["1.2"];
  }

  /** The API of an edition in a window: not any element that happens to have its name as id. */
  function apiIn(where, edition) {
    try {
      var api = where[edition.name];
      return api && typeof api[edition.initialize] !== "undefined" ? api : null;
    } catch (refused) {
      /* A frame of another site: what is around it may be of ours again. */
      return null;
    }
  }

  function read(where, name) {
    try {
      return where[name];
    } catch (refused) {
      return null;
    }
  }

  /** Looks in a window, then in the one around it, and so on. Never downwards. */
  function climb(where, edition) {
    for (var step = 0; where && step <= PARENTS_MAX; step += 1) {
      var api = apiIn(where, edition);
      var parent = read(where, "parent");
      if (api) return api;
      if (!parent || parent === where) return null;
      where = parent;
    }
    return null;
  }

  function findApi(edition) {
    var top = read(window, "top");
    return climb(window, edition) || climb(read(window, "opener"), edition) || climb(top && read(top, "opener"), edition);
  }

  async function waitForApi(version) {
    var ours = declared(version);
    var other = ours === EDITIONS["1.2"] ? EDITIONS["2004"] : EDITIONS["1.2"];
    for (var poll = 0; poll < API_POLLS; poll += 1) {
      var found = findApi(ours);
      if (found) return { api: found, edition: ours };
      found = poll >= API_POLLS_OF_OURS ? findApi(other) : null;
      if (found) return { api: found, edition: other };
      await pause(API_POLL_MS);
    }
    return null;
  }

  function pause(ms) {
    return new Promise(function (resolve) { setTimeout(resolve, ms); });
  }

  /* ---- The LMS ------------------------------------------------------------------------------------------------------- */

  /** Calls to an API that may refuse, lie or throw; none of them stops us. */
  function Lms(api, edition) {
    this.api = api;
    this.edition = edition;
    this.isOpen = false;
    /* What it holds, as far as it told us or took it from us. */
    this.values = {};
    this.lacks = {};
    /* Whether its error stays for ever, once there was one; null if that is not known. */
    this.isStuck = null;
  }

  Lms.prototype.fault = function () {
    try {
      var code = String(this.api[this.edition.code]());
      return { code: code, text: code === "0" ? "" : String(this.api[this.edition.text](code)) };
    } catch (thrown) {
      return { code: "exception", text: String(thrown && thrown.message || thrown) };
    }
  };

  /** Gives null if it was done, else what went wrong. */
  Lms.prototype.run = function (name, first, second) {
    try {
      var said = second === undefined ? this.api[name](first) : this.api[name](first, second);
      if (/^(true|1)$/i.test(String(said))) return null;
      var fault = this.fault();
      /* Who says nothing did what was asked, unless there is an error. */
      var isQuiet = said === undefined || said === null;
      return isQuiet && (this.isStuck || fault.code === "0" || fault.code === "") ? null : fault;
    } catch (thrown) {
      return { code: "exception", text: String(thrown && thrown.message || thrown) };
    }
  };

  /** Some begin by themselves and refuse to begin again: what counts is whether the learner can be read. */
  Lms.prototype.initialize = function () {
    var fault = this.run(this.edition.initialize, "");
    this.isOpen = !fault || Boolean(this.get(this.edition.learner));
    return this.isOpen ? null : fault;
  };

  /** The value of an element, or null if the LMS has no such thing for us. */
  Lms.prototype.get = function (element) {
    try {
      var value = this.api[this.edition.get](element);
      var text = String(value === null || value === undefined ? "" : value);
      return !this.hasFault() || (this.isStuck && text !== "") ? text : null;
    } catch (thrown) {
      return null;
    }
  };

  /** Whether the last call failed. An LMS that never takes an error back is found out by a call that does well: the learner is read. */
  Lms.prototype.hasFault = function () {
    var lms = this;
    var isError = function () { return !/^0?$/.test(String(lms.api[lms.edition.code]())); };
    if (!isError()) return false;
    if (this.isStuck === null && this.api[this.edition.get](this.edition.learner)) this.isStuck = isError();
    return true;
  };

  Lms.prototype.keep = function (element) {
    var value = this.get(element);
    if (value !== null) this.values[element] = value;
    return value;
  };

  Lms.prototype.readAll = function () {
    var lms = this;
    this.edition.elements.forEach(function (element) { lms.keep(element); });
    Object.keys(this.edition.lists).forEach(function (list) {
      var count = Math.min(Number(lms.keep(list + "._count")) || 0, LIST_MAX);
      for (var n = 0; n < count && lms.hasRoom(); n += 1) {
        lms.edition.lists[list].forEach(function (element) { lms.keep(list + "." + n + "." + element); });
      }
    });
    return Object.assign({}, this.values);
  };

  Lms.prototype.hasRoom = function () {
    var values = this.values;
    var names = Object.keys(values);
    var chars = names.reduce(function (sum, name) { return sum + name.length + values[name].length; }, 0);
    return names.length < NAMES_MAX && chars < CHARS_MAX;
  };

  Lms.prototype.set = function (element, value) {
    var fault = this.run(this.edition.set, element, value);
    if (!fault) this.values[element] = value;
    return fault;
  };

  Lms.prototype.commit = function () {
    return this.run(this.edition.commit, "");
  };

  Lms.prototype.terminate = function () {
    this.isOpen = false;
    return this.run(this.edition.terminate, "");
  };

  /** Whether what is done here is to change the learner's record there. */
  Lms.prototype.isReadOnly = function () {
    var mode = String(this.values[this.edition.mode] || "").toLowerCase();
    var credit = String(this.values[this.edition.credit] || "").toLowerCase();
    return mode === "review" || mode === "browse" || credit === "no-credit";
  };

  /* ---- What is written: pure ----------------------------------------------------------------------------------------- */

  /* A status is only ever followed by one further down; "browsed" and whatever else counts as nothing yet. */
  var ORDER = ["", "incomplete", "failed", "completed", "passed"];

  function isLower(wanted, current, mayFail) {
    if (wanted === "failed" && mayFail) return false;
    return ORDER.indexOf(wanted) < ORDER.indexOf(current);
  }

  /** The elements to be set for a status of the platform, in order; those that would lower something left out. */
  function statusChanges(edition, values, status, mayFail) {
    if (edition.version === "1.2") {
      var current = known(values["cmi.core.lesson_status"]);
      return isLower(status, current, mayFail) ? [] : [["cmi.core.lesson_status", status]];
    }
    var changes = [];
    var completion = status === "incomplete" ? "incomplete" : "completed";
    if (!isLower(completion, known(values["cmi.completion_status"]), false)) {
      changes.push(["cmi.completion_status", completion]);
    }
    var success = status === "passed" || status === "failed" ? status : null;
    if (success && !isLower(success, known(values["cmi.success_status"]), mayFail)) {
      changes.push(["cmi.success_status", success]);
    }
    return changes;
  }

  function known(status) {
    var word = String(status || "").trim().toLowerCase();
    return ORDER.indexOf(word) < 0 ? "" : word;
  }

  function scoreChanges(edition, values, score, mayFail) {
    if (!isNumber(score)) return [];
    var points = Math.min(Math.max(score, 0), 100);
    var current = parseFloat(values[edition.raw]);
    if (isNumber(current) && current > points && !mayFail) return [];
    var changes = [[edition.raw, decimal(points)], [edition.min, "0"], [edition.max, "100"]];
    if (edition.version === "2004") changes.unshift(["cmi.score.scaled", decimal(points / 100)]);
    return changes;
  }

  function progressChanges(edition, values, progress) {
    if (edition.version !== "2004" || !isNumber(progress)) return [];
    var measure = Math.min(Math.max(progress, 0), 1);
    return parseFloat(values["cmi.progress_measure"]) > measure ? [] : [["cmi.progress_measure", decimal(measure)]];
  }

  function locationChanges(edition, location) {
    var fits = typeof location === "string" && location !== "" && location.length <= edition.locationMax;
    return fits ? [[edition.location, location]] : [];
  }

  /** Whether an LMS that has no such element can be lived with: then it is not set again, and nobody is troubled with it. */
  function isOptional(element) {
    return !/status$|score\.(raw|scaled)$/.test(element);
  }

  /** Everything that differs from what the LMS has, in the order in which it is set. */
  function plan(lms, state, mayFail) {
    var edition = lms.edition;
    var values = lms.values;
    var wanted = [].concat(
      [[edition.exit, "suspend"]],
      statusChanges(edition, values, state.status, mayFail),
      scoreChanges(edition, values, state.score, mayFail),
      progressChanges(edition, values, state.progress),
      locationChanges(edition, state.location)
    );
    return wanted.filter(function (change) { return values[change[0]] !== change[1] && !lms.lacks[change[0]]; });
  }

  function isNumber(value) {
    return typeof value === "number" && isFinite(value);
  }

  /** At most seven decimals, as both editions have it, and no exponent. */
  function decimal(value) {
    return String(Number(value.toFixed(7)) < 1e-6 ? 0 : Number(value.toFixed(7)));
  }

  function sessionTime(edition, ms) {
    var seconds = Math.max(0, Math.floor(ms / 1000));
    var parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
    if (edition.version === "2004") return "PT" + parts[0] + "H" + parts[1] + "M" + parts[2] + "S";
    var pad = function (number, digits) { return ("0000" + number).slice(-digits); };
    return pad(Math.min(parts[0], 9999), 4) + ":" + pad(parts[1], 2) + ":" + pad(parts[2], 2);
  }

  /* ---- What the learner sees ----------------------------------------------------------------------------------------- */

  function at(id) {
    return document.getElementById(id);
  }

  /** One line at the top, which screen readers read out when it changes. */
  function say(words, kind) {
    if (at("words").textContent !== words) at("words").textContent = words;
    document.querySelector("header").className = kind || "";
  }

  /** Takes the place of the course: a heading that gets the focus, a sentence, and what can be done. */
  function notice(title, text, detail, buttons) {
    at("notice-title").textContent = title;
    at("notice-text").textContent = text;
    at("notice-detail").textContent = detail || "";
    at("notice-detail").hidden = !detail;
    var place = at("notice-buttons");
    place.textContent = "";
    (buttons || []).forEach(function (one, index) {
      var button = document.createElement("button");
      button.type = "button";
      button.className = index === 0 ? "first" : "";
      button.textContent = one[0];
      button.addEventListener("click", one[1]);
      place.appendChild(button);
    });
    at("notice").hidden = false;
    at("notice-title").focus();
  }

  function noNotice() {
    at("notice").hidden = true;
  }

  /* ---- Requests to the platform -------------------------------------------------------------------------------------- */

  /** Plain text, so that no browser asks beforehand whether it may. Gives {status, body}; throws if there was no answer. */
  async function post(url, body, timeoutMs) {
    var stop = typeof AbortController === "function" ? new AbortController() : null;
    var timer = setTimeout(function () { if (stop) stop.abort(); }, timeoutMs);
    try {
      var answer = await fetch(url, {
        method: "POST", body: body, mode: "cors", credentials: "omit", cache: "no-store", redirect: "error",
        headers: { "Content-Type": "text/plain;charset=UTF-8" }, signal: stop ? stop.signal : undefined
      });
      var text = await answer.text();
      return { status: answer.status, body: parse(text) };
    } finally {
      clearTimeout(timer);
    }
  }

  function parse(text) {
    try {
      return JSON.parse(text);
    } catch (broken) {
      return null;
    }
  }

  /** Whether it may go better another time. */
  function isPassing(status) {
    return status === 408 || status === 429 || status >= 500;
  }

  /* ---- A session ----------------------------------------------------------------------------------------------------- */

  function Session(config, player, lms) {
    this.config = config;
    this.player = player;
    this.origin = new URL(player.origin).origin;
    this.lms = lms;
    this.startedAt = Date.now();
    this.isReadOnly = false;
    this.mayFail = player.lower_status === true;
    this.key = null;
    /* What the platform says of the learner; the LMS is brought to it. */
    this.state = { status: "incomplete", score: null, progress: null, location: null };
    this.isFinished = false;
    this.hasEnded = false;

    /* Towards the LMS. */
    this.lmsFault = null;
    this.writeTimer = null;
    this.retryMs = RETRY_MS_MIN;
    this.isDirty = false;

    /* Towards the platform. */
    this.queue = [];
    this.onItsWay = null;
    this.sequence = 0;
    this.sendTimer = null;
    this.sendRetryMs = RETRY_MS_MIN;
    this.platformFault = null;
    this.playerFault = null;

    /* Towards the player page. */
    this.frame = null;
    this.window = null;
    this.windowTimer = null;
    this.silentTimer = null;
    this.isSilent = false;
    this.framed = 0;
    this.heard = -1;
    this.unacknowledged = [];
  }

  /** Ends the wait for the next try, if there is one. */
  Session.prototype.hurry = function () {};

  /** Everything is read before anything is written; what is written first keeps an LMS from completing by itself. */
  Session.prototype.begin = async function () {
    this.read = this.lms.readAll();
    this.isReadOnly = this.lms.isReadOnly();
    if (!this.isReadOnly) {
      this.write(function (session) { session.setPointer(); });
    }
    await this.open();
  };

  /** Resume data is the platform's: the LMS gets a pointer, so that it knows that there is some. */
  Session.prototype.setPointer = function () {
    var pointer = JSON.stringify({ by: "schoolbell", v: PROTOCOL, lo: this.config.id });
    if (this.lms.values["cmi.suspend_data"] !== pointer) this.setAll([["cmi.suspend_data", pointer]]);
  };

  /** Asks for a launch until there is an answer, and shows the player page. */
  Session.prototype.open = async function () {
    var launch = await this.launch();
    if (!launch || this.hasEnded) return;
    this.show(launch.play_url);
  };

  Session.prototype.launch = async function () {
    var session = this;
    say("Opening the course…");
    for (var wait = RETRY_MS_MIN; !this.hasEnded; wait = Math.min(wait * 2, RETRY_MS_MAX)) {
      var answer = null;
      try {
        answer = await post(this.player.origin + "/scorm/launch", JSON.stringify({
          protocol: PROTOCOL, token: this.config.token, id: this.config.id, version: this.lms.edition.version,
          /* The page is shown once more: with what is there by now, and nothing begins anew. */
          values: this.key ? this.lms.values : this.read, session: this.key || undefined
        }), LAUNCH_TIMEOUT_MS);
      } catch (unreachable) {
        /* As if it had answered that it is busy. */
      }
      if (answer && answer.status === 200 && answer.body && answer.body.session) return this.accept(answer.body);
      if (answer && !isPassing(answer.status)) return this.refuse(answer);
      if (at("notice").hidden) {
        say("The course cannot be reached. We keep trying.", "bad");
        notice("The course cannot be reached", "We keep trying. Please check your connection to the internet.",
          answer && answer.body && answer.body.message, [["Try again now", function () { session.hurry(); }]]);
      }
      await Promise.race([pause(wait), new Promise(function (resolve) { session.hurry = resolve; })]);
    }
    return null;
  };

  Session.prototype.accept = function (launch) {
    noNotice();
    this.key = launch.session;
    this.isReadOnly = this.isReadOnly || launch.read_only === true;
    this.mayFail = this.mayFail || launch.lower_status === true;
    this.take(launch.mirror || {});
    this.tell();
    this.send();
    return launch;
  };

  Session.prototype.refuse = function (answer) {
    var session = this;
    var body = answer.body || {};
    say("The course was not opened.", "bad");
    notice("The course was not opened", body.message || "The course platform refused to open it.",
      "Code: " + (body.error_code || answer.status), [["Try again", function () { noNotice(); session.open(); }]]);
    return null;
  };

  /* What the platform says of the learner. */

  Session.prototype.take = function (state) {
    var before = this.state;
    var status = ORDER.indexOf(state.status) > 0 ? state.status : before.status;
    this.state = {
      status: status,
      score: isNumber(state.score) ? state.score : before.score,
      progress: isNumber(state.progress) ? state.progress : before.progress,
      location: typeof state.location === "string" ? state.location : before.location
    };
    this.isFinished = this.isFinished || status !== "incomplete";
    if (this.isReadOnly) return;
    if (status !== before.status) {
      this.write();
    } else if (!this.writeTimer) {
      var session = this;
      this.writeTimer = setTimeout(function () { session.write(); }, DEBOUNCE_MS);
    }
  };

  /* ---- Towards the LMS */

  /** Brings the LMS to what the platform says, commits, and tells the platform what came of it. */
  Session.prototype.write = function (first) {
    clearTimeout(this.writeTimer);
    this.writeTimer = null;
    if (this.isReadOnly || this.hasEnded) return;
    var before = Object.assign({}, this.lms.values);
    if (first) first(this);
    var refused = this.setAll(plan(this.lms, this.state, this.mayFail));
    this.isDirty = this.isDirty || Object.keys(changes(before, this.lms.values)).length > 0;
    refused = this.commit() || refused;
    var wasRefused = this.lmsFault;
    this.lmsFault = refused;
    if (refused) {
      this.retryLater();
    } else {
      this.retryMs = RETRY_MS_MIN;
    }
    var changed = changes(before, this.lms.values);
    var isNews = !isSame(wasRefused, refused) || Object.keys(changed).length > 0;
    if (isNews) this.report("commit", changed, refused);
    this.tell();
  };

  /** Sets one after the other; gives the first refusal that matters, with its element. */
  Session.prototype.setAll = function (wanted) {
    var refused = null;
    for (var n = 0; n < wanted.length; n += 1) {
      var element = wanted[n][0];
      var fault = this.lms.set(element, wanted[n][1]);
      if (fault && isOptional(element)) {
        this.lms.lacks[element] = true;
      } else if (fault && !refused) {
        refused = { element: element, code: fault.code, text: fault.text };
      }
    }
    return refused;
  };

  /** Commits what was set, with the time spent so far; gives a refusal. */
  Session.prototype.commit = function () {
    if (!this.isDirty) return null;
    this.setAll([[this.lms.edition.time, sessionTime(this.lms.edition, Date.now() - this.startedAt)]]);
    var fault = this.lms.commit();
    this.isDirty = Boolean(fault);
    return fault && { element: "commit", code: fault.code, text: fault.text };
  };

  Session.prototype.retryLater = function () {
    var session = this;
    clearTimeout(this.writeTimer);
    this.writeTimer = setTimeout(function () { session.write(); }, this.retryMs);
    this.retryMs = Math.min(this.retryMs * 2, RETRY_MS_MAX);
  };

  function isSame(one, other) {
    if (!one || !other) return !one && !other;
    return one.element === other.element && one.code === other.code;
  }

  function changes(before, after) {
    var changed = {};
    Object.keys(after).forEach(function (element) {
      if (before[element] !== after[element]) changed[element] = after[element];
    });
    return changed;
  }

  /* ---- Towards the platform */

  /** Puts in the queue what was written to the LMS and what it said. */
  Session.prototype.report = function (kind, values, refused) {
    var outcome = refused
      ? { result: "refused", element: refused.element, code: refused.code, text: refused.text }
      : { result: "ok", element: Object.keys(values).pop() || "commit", code: "0", text: "" };
    var last = this.queue[this.queue.length - 1];
    if (last && this.queue.length >= QUEUE_MAX) {
      Object.assign(last.values, values);
      last.lms_write = outcome;
      last.kind = kind;
    } else {
      this.queue.push({ sequence: 0, kind: kind, values: values, lms_write: this.isReadOnly ? null : outcome });
    }
    this.send();
  };

  Session.prototype.body = function (entry) {
    if (!entry.sequence) {
      this.sequence += 1;
      entry.sequence = this.sequence;
    }
    return JSON.stringify({
      session: this.key, sequence: entry.sequence, kind: entry.kind, values: entry.values, lms_write: entry.lms_write
    });
  };

  /** One at a time, in order, until the queue is empty; each is safe to send twice. */
  Session.prototype.send = async function () {
    if (this.onItsWay || !this.key) return;
    clearTimeout(this.sendTimer);
    while (this.queue.length > 0 && !this.hasEnded) {
      /* It is taken out first, so that nothing is merged into what is on its way. */
      var entry = this.queue.shift();
      this.onItsWay = entry;
      this.tell();
      var answer = await this.tryToSend(entry);
      this.onItsWay = null;
      if (!answer || isPassing(answer.status)) {
        this.queue.unshift(entry);
        this.platformFault = { text: "there is no connection to the course.", isPassing: true };
        this.sendLater();
        break;
      }
      this.sendRetryMs = RETRY_MS_MIN;
      this.platformFault = answer.status < 300 ? null
        : { text: answer.body && answer.body.message || "the course platform refused it (" + answer.status + ").", isPassing: false };
    }
    this.tell();
  };

  Session.prototype.tryToSend = async function (entry) {
    try {
      return await post(this.player.origin + "/scorm/commit", this.body(entry), COMMIT_TIMEOUT_MS);
    } catch (unreachable) {
      return null;
    }
  };

  Session.prototype.sendLater = function () {
    var session = this;
    clearTimeout(this.sendTimer);
    this.sendTimer = setTimeout(function () { session.send(); }, this.sendRetryMs);
    this.sendRetryMs = Math.min(this.sendRetryMs * 2, RETRY_MS_MAX);
  };

  /* ---- Towards the learner */

  /** Says where things stand; what is not saved before all else. */
  Session.prototype.tell = function () {
    if (!this.key || this.hasEnded) return;
    var isSaved = !this.lmsFault;
    if (this.wasSaved !== isSaved) {
      this.wasSaved = isSaved;
      this.message("lms", { saved: isSaved });
    }
    if (this.lmsFault) {
      say("Not saved in your learning system, which refused it (" + this.lmsFault.code
        + "). We keep trying: please keep this page open.", "bad");
    } else if (this.playerFault) {
      say("Not saved: " + this.playerFault + " We keep trying: please keep this page open.", "bad");
    } else if (this.platformFault) {
      say("Not saved: " + this.platformFault.text + (this.platformFault.isPassing
        ? " We keep trying: please keep this page open." : " Please close the course and open it again."), "bad");
    } else if (this.isSilent) {
      say("Does the course not appear here? Your learning system or your browser may refuse it: open it in a new window.", "bad");
    } else if (this.isReadOnly) {
      say("Opened for review: your record in your learning system stays as it is.", "good");
    } else if ((this.onItsWay || this.queue.length > 0) && document.querySelector("header").className !== "good") {
      /* Not again and again: a screen reader reads out every change. */
      say("Saving…");
    } else if (this.isFinished) {
      say("Finished, and saved in your learning system.", "good");
    } else {
      say("Saved in your learning system.", "good");
    }
  };

  /* ---- Towards the player page */

  /** In a frame, unless the learner wants a window. */
  Session.prototype.show = function (url) {
    var frame = document.createElement("iframe");
    frame.title = "Course";
    frame.allow = "fullscreen; autoplay; encrypted-media; picture-in-picture; clipboard-write";
    frame.setAttribute("allowfullscreen", "");
    frame.src = url;
    this.leave();
    this.frame = frame;
    at("content").appendChild(frame);
    at("detach").hidden = false;
    this.expect();
    if (frame.clientWidth < FRAME_MIN_WIDTH || frame.clientHeight < FRAME_MIN_HEIGHT) {
      say("There is little room here: you can open the course in a window of its own.");
    }
    this.tellAgain();
  };

  /** What a frame that stays silent shows is not known: it may be refused by a browser, or the player may say what is wrong. */
  Session.prototype.expect = function () {
    var session = this;
    var framed = this.framed;
    clearTimeout(this.silentTimer);
    this.silentTimer = setTimeout(function () {
      if (session.framed === framed && !session.hasEnded) {
        session.isSilent = true;
        session.tell();
      }
    }, FRAME_SILENT_MS);
  };

  /** A window must be opened within the click; the launch comes after. */
  Session.prototype.detach = async function () {
    var session = this;
    var opened = window.open("about:blank", "schoolbell-" + this.config.id, "width=1100,height=800,resizable=yes,scrollbars=yes");
    if (!opened) {
      notice("The window was blocked", "Please allow this site to open windows, and try again.", "",
        [["Open in new window", function () { session.detach(); }], ["Stay here", function () { session.open(); }]]);
      return;
    }
    this.leave();
    var launch = await this.launch();
    if (!launch) {
      opened.close();
      return;
    }
    opened.location.replace(launch.play_url);
    this.window = opened;
    at("detach").hidden = true;
    notice("The course is open in another window", "Please keep this page open until you are done: it carries your progress to your learning system.", "",
      [["Go to the course", function () { opened.focus(); }], ["Continue here instead", function () { session.attach(); }]]);
    this.windowTimer = setInterval(function () { if (opened.closed) session.closed(); }, 500);
  };

  Session.prototype.closed = function () {
    var session = this;
    this.leave();
    notice("The window of the course is closed", "Your progress is kept.", "",
      [["Continue here", function () { session.open(); }], ["Open in new window", function () { session.detach(); }]]);
  };

  Session.prototype.attach = function () {
    if (this.window) this.window.close();
    this.leave();
    this.open();
  };

  /** Forgets the page that the course was in. */
  Session.prototype.leave = function () {
    clearInterval(this.windowTimer);
    clearTimeout(this.silentTimer);
    if (this.frame) this.frame.remove();
    this.frame = null;
    this.window = null;
    this.heard = -1;
    this.isSilent = false;
    this.unacknowledged.forEach(function (one) { clearTimeout(one.timer); });
    this.unacknowledged = [];
    noNotice();
  };

  Session.prototype.page = function () {
    return this.frame ? this.frame.contentWindow : this.window;
  };

  Session.prototype.tellAgain = function () {
    this.wasSaved = undefined;
    this.tell();
  };

  /** Sent until it is acknowledged: the page may not listen yet. */
  Session.prototype.message = function (type, facts) {
    if (!this.page() || !this.framed) return;
    this.messages = (this.messages || 0) + 1;
    var one = { seq: this.messages, tries: 0, timer: null };
    one.body = Object.assign({ ns: "schoolbell", v: PROTOCOL, seq: one.seq, type: type }, facts);
    this.unacknowledged.push(one);
    this.deliver(one);
  };

  Session.prototype.deliver = function (one) {
    var session = this;
    var page = this.page();
    one.tries += 1;
    if (!page || one.tries > ACK_TRIES_MAX) return;
    page.postMessage(one.body, this.origin);
    one.timer = setTimeout(function () { session.deliver(one); }, ACK_MS);
  };

  /** Only from the page that we opened, and only from its own site. */
  Session.prototype.hear = function (event) {
    var message = event.data;
    if (event.origin !== this.origin || !this.page() || event.source !== this.page()) return;
    if (!message || message.ns !== "schoolbell" || message.v !== PROTOCOL) return;
    if (message.type === "ack") return this.acknowledged(message.of);
    if (typeof message.seq !== "number") return;
    this.page().postMessage({ ns: "schoolbell", v: PROTOCOL, seq: 0, type: "ack", of: message.seq }, this.origin);
    if (message.type === "ready") {
      /* A page that was loaded anew counts from the start. */
      this.heard = message.seq;
      return this.greet();
    }
    if (message.seq <= this.heard) return;
    this.heard = message.seq;
    if (message.type === "status") {
      this.take(message);
      this.tell();
    } else if (message.type === "saved") {
      this.playerFault = message.ok === false ? sentence(message.reason) : null;
      this.tell();
    }
  };

  Session.prototype.greet = function () {
    this.framed += 1;
    this.isSilent = false;
    clearTimeout(this.silentTimer);
    this.message("hello", {});
    this.tellAgain();
  };

  Session.prototype.acknowledged = function (seq) {
    this.unacknowledged = this.unacknowledged.filter(function (one) {
      if (one.seq === seq) clearTimeout(one.timer);
      return one.seq !== seq;
    });
  };

  function sentence(reason) {
    var text = typeof reason === "string" && reason ? reason : "there is no connection to the course.";
    return text.slice(0, 200);
  }

  /* ---- The end */

  /** The learner looks elsewhere, and may not come back: what is known is written and committed. */
  Session.prototype.hide = function () {
    if (this.isReadOnly || this.hasEnded) return;
    this.isDirty = true;
    this.write();
  };

  /** The page goes away. Nothing that takes time is done here: only calls into the LMS, and what the browser sends by itself. */
  Session.prototype.end = function () {
    if (this.hasEnded) return;
    var before = Object.assign({}, this.lms.values);
    var refused = null;
    if (!this.isReadOnly) {
      refused = this.setAll(plan(this.lms, this.state, this.mayFail));
      this.isDirty = true;
      refused = this.commit() || refused;
    }
    if (this.lms.isOpen) this.lms.terminate();
    this.hasEnded = true;
    if (!this.key) return;
    this.report("exit", changes(before, this.lms.values), refused);
    var session = this;
    /* What is on its way may not arrive any more; the platform takes nothing twice. */
    if (this.onItsWay) this.queue.unshift(this.onItsWay);
    this.queue.forEach(function (entry) { beacon(session.player.origin + "/scorm/commit", session.body(entry)); });
    this.queue = [];
  };

  function beacon(url, body) {
    var isTaken = false;
    try {
      isTaken = navigator.sendBeacon(url, new Blob([body], { type: "text/plain;charset=UTF-8" }));
    } catch (absent) {
      isTaken = false;
    }
    if (!isTaken && typeof fetch === "function") {
      fetch(url, { method: "POST", body: body, mode: "cors", credentials: "omit", keepalive: true }).catch(function () {});
    }
  }

  /* ---- Start --------------------------------------------------------------------------------------------------------- */

  function settings() {
    var value = window.ScormPackage_Value;
    var player = window.ScormPackage_Player;
    try {
      return value && value.token && value.id && player && new URL(player.origin).origin ? { value: value, player: player } : null;
    } catch (broken) {
      return null;
    }
  }

  async function start() {
    noNotice();
    say("Connecting to your learning system…");
    var found = settings();
    if (!found) {
      say("This package is damaged.", "bad");
      return notice("This package is damaged", "Its file config.js is missing or broken. Please tell your administrator to upload the package again.", "", [["Try again", start]]);
    }
    var reached = await waitForApi(found.value.version);
    if (!reached) {
      say("Your learning system was not found.", "bad");
      return notice("Your learning system was not found", "This course must be opened from your learning system. If you did open it there, please try again; if it happens again, tell your administrator.",
        "Code: no SCORM API", [["Try again", start]]);
    }
    var lms = new Lms(reached.api, reached.edition);
    var fault = lms.initialize();
    if (fault) {
      say("Your learning system did not start the course.", "bad");
      return notice("Your learning system did not start the course", "It refused to begin, so nothing could be saved. Please close this course, open it again from your learning system, and tell your administrator if that does not help.",
        "Code: " + fault.code + (fault.text ? " (" + fault.text + ")" : ""), [["Try again", start]]);
    }
    run(new Session(found.value, found.player, lms));
  }

  function run(session) {
    window.addEventListener("message", function (event) { session.hear(event); });
    window.addEventListener("online", function () { session.hurry(); session.send(); });
    window.addEventListener("pagehide", function () { session.end(); });
    /* Brought back as it was, with a session that has ended. */
    window.addEventListener("pageshow", function (event) { if (event.persisted && session.hasEnded) window.location.reload(); });
    document.addEventListener("visibilitychange", function () { if (document.visibilityState === "hidden") session.hide(); });
    at("detach").addEventListener("click", function () { session.detach(); });
    session.begin();
  }

  start();
}());
