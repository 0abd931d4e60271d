/*
 * A text. It is finished when the learner says so: how far a page was scrolled says what was on the screen, not what was read, and a
 * short text would be finished by being opened. The scrolling is kept as progress and as the place to go on at.
 */
import { make, outcome } from "./element.js";

export function showText(place, html, player) {
  const article = make("article");
  /* Made by the server, which lets no markup of the author through. */
  article.innerHTML = html;
  for (const link of article.querySelectorAll("a[href]")) {
    if (new URL(link.href, location.href).origin !== location.origin) {
      link.target = "_blank";
      link.rel = "noopener noreferrer";
    }
  }
  for (const wide of article.querySelectorAll("pre, table")) wide.tabIndex = 0;
  article.append(ending(player));
  place.append(article);
  follow(player);
}

function ending(player) {
  if (player.isFinished()) return make("div", { class: "end", lang: "en" }, outcome(player));
  const finish = () => {
    player.report({ status: "completed", progress: 1 }, true);
    const words = outcome(player);
    end.replaceChildren(words);
    words.focus();
  };
  const end = make("div", { class: "end", lang: "en" },
    make("p", {}, "Have you read everything? Then say so, and the course is finished."),
    make("p", { class: "buttons" }, make("button", { type: "button", class: "first", onclick: finish }, "I have finished reading")));
  return end;
}

/** Goes to where the learner was, and keeps the furthest that was on the screen. */
function follow(player) {
  const scroller = document.scrollingElement;
  const share = () => Math.min(1, (scroller.scrollTop + scroller.clientHeight) / Math.max(1, scroller.scrollHeight));
  const before = /^scroll=([\d.]+)$/.exec(player.answer.location || "");
  if (before && !player.isFinished()) scroller.scrollTop = Number(before[1]) * scroller.scrollHeight;
  let furthest = 0;
  const look = () => {
    const seen = Math.round(share() * 100) / 100;
    if (seen <= furthest || player.isFinished()) return;
    furthest = seen;
    const top = scroller.scrollTop / Math.max(1, scroller.scrollHeight);
    player.report({ progress: Math.min(furthest, 0.99), location: `scroll=${top.toFixed(4)}` });
  };
  look();
  addEventListener("scroll", look, { passive: true });
}
