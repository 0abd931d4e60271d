/*
 * A video. What counts is what was played, at whatever speed: leaping over a part does not make it watched. It is finished when its end
 * was played and at most a twentieth is missing.
 */
import { DONE, make } from "./element.js";

const ENOUGH = 0.95;
/* The end counts as played this many seconds before it. */
const END_S = 1;
/* The last words that a browser has of a position are this much before the end. */
const LATE_S = 0.6;
const PARTS_MAX = 500;
/* While it plays it reports this often: each report becomes a commit in the LMS. What stops it, or closes the page, reports at once. */
const TELL_EVERY_MS = 10000;

/** The parts that were played, in order, none touching another; in seconds. */
export class Watched {
  constructor(parts = []) {
    const isPart = (part) => Array.isArray(part) && part.length === 2 && part.every(Number.isFinite) && part[0] <= part[1];
    this.parts = parts.filter(isPart).slice(0, PARTS_MAX);
  }

  add(from, to) {
    const apart = this.parts.filter(([begin, end]) => end < from || begin > to);
    const joined = this.parts.filter(([begin, end]) => end >= from && begin <= to);
    const begin = Math.min(from, ...joined.map(([one]) => one));
    const end = Math.max(to, ...joined.map(([, other]) => other));
    const all = [...apart, [begin, end]].sort(([one], [other]) => one - other);
    if (all.length <= PARTS_MAX) this.parts = all;
  }

  share(duration) {
    if (!(duration > 0)) return 0;
    const seconds = this.parts.reduce((sum, [begin, end]) => sum + Math.min(end, duration) - Math.min(begin, duration), 0);
    return Math.min(1, seconds / duration);
  }

  /** Where the first part begins that was not played. */
  gap() {
    return this.parts.length > 0 && this.parts[0][0] < LATE_S ? this.parts[0][1] : 0;
  }

  reaches(second) {
    return this.parts.some(([, end]) => end >= second);
  }
}

export function showVideo(place, url, player) {
  const before = recall(player.answer.resume);
  const watched = new Watched(before.watched);
  const video = make("video", { src: url, controls: true, playsinline: true, preload: "metadata", tabindex: "0" });
  const hint = make("p", { class: "quiet", role: "status", lang: "en" });
  const skipped = make("button", {
    type: "button", hidden: true,
    onclick: () => { video.currentTime = Math.max(0, watched.gap() - 0.2); video.play(); video.focus(); },
  }, "Go to the first part that you have not watched");
  let last = null;
  let toldAt = -Infinity;

  const length = () => (Number.isFinite(video.duration) ? video.duration : 0);
  /* Whoever leaps says so first (`seeking`): what lies between two positions without one was played. */
  const follow = () => {
    const now = video.currentTime;
    if (last !== null && !video.seeking && now > last) watched.add(last, now);
    last = video.seeking || video.paused ? null : now;
  };
  const tell = (isUrgent) => {
    toldAt = performance.now();
    const share = watched.share(length());
    const isDone = share >= ENOUGH && watched.reaches(length() - END_S) && length() > 0;
    const kept = { v: 1, watched: watched.parts.map((part) => part.map((second) => Math.round(second * 100) / 100)), at: video.currentTime };
    const change = { progress: isDone ? 1 : Math.min(share, 0.99), location: `t=${Math.floor(video.currentTime)}`, resume: JSON.stringify(kept) };
    if (isDone && !player.isFinished()) change.status = "completed";
    player.report(change, isUrgent || (isDone && !player.isFinished()));
    skipped.hidden = isDone || player.isFinished() || !video.ended;
    if (player.isFinished()) hint.textContent = DONE;
    else if (isDone) hint.textContent = "Saving that you have finished…";
    else hint.textContent = video.ended ? "You have not watched all of it yet, so the course is not finished." : HOW;
  };

  video.addEventListener("loadedmetadata", () => { if (before.at > 0 && before.at < length() - END_S) video.currentTime = before.at; });
  video.addEventListener("seeking", () => { last = null; });
  video.addEventListener("seeked", () => { last = null; });
  video.addEventListener("timeupdate", () => {
    follow();
    if (!video.paused && performance.now() - toldAt >= TELL_EVERY_MS) tell(false);
  });
  video.addEventListener("play", () => { last = video.currentTime; });
  video.addEventListener("pause", () => { follow(); last = null; tell(true); });
  video.addEventListener("ended", () => {
    if (watched.reaches(length() - LATE_S)) watched.add(length() - LATE_S, length());
    tell(true);
  });
  video.addEventListener("error", () => {
    player.fail("The video cannot be played", "It could not be loaded, or your browser does not know its format. Your progress is kept.", () => window.location.reload());
  });
  player.finished = () => { hint.textContent = DONE; };
  /* A phone that is locked may never come back. */
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden" && !video.paused) { follow(); tell(true); }
  });
  player.atEnd = () => { if (!video.paused) { follow(); tell(false); } };
  hint.textContent = player.isFinished() ? DONE : HOW;
  place.append(make("div", { class: "video" }, video, hint, make("p", { class: "buttons" }, skipped)));
  player.report({}, true);
}

const HOW = "The course is finished when you have watched the video to its end. Parts that you skip do not count.";

function recall(resume) {
  try {
    const { watched, at } = JSON.parse(resume);
    return { watched: Array.isArray(watched) ? watched : [], at: Number(at) || 0 };
  } catch {
    return { watched: [], at: 0 };
  }
}
