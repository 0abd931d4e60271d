/* A page elsewhere. What is done there cannot be seen from here, so the learner says when it is done, once it was opened. */
import { DONE, make, outcome } from "./element.js";

export function showLink(place, url, course, player) {
  const confirm = make("button", { type: "button", disabled: true, "aria-describedby": "how" }, "I have finished it");
  const how = make("p", { id: "how", class: "quiet", tabindex: "-1" });
  const opened = () => {
    confirm.disabled = false;
    how.textContent = "When you are done there, come back to this page and say so.";
  };
  const open = make("a", {
    class: "button first", href: url, target: "_blank", rel: "noopener noreferrer",
    onclick: () => {
      if (player.isFinished()) return;
      opened();
      player.report({ location: "opened" }, true);
    },
  }, "Open the course (new tab)");
  confirm.addEventListener("click", () => {
    player.report({ status: "completed", progress: 1 }, true);
    const words = outcome(player);
    confirm.remove();
    how.replaceWith(words);
    words.focus();
  });
  if (player.isFinished()) how.textContent = DONE;
  else if (player.answer.location === "opened") opened();
  else how.textContent = "Open the course first. When you are done there, come back to this page and say so.";
  place.append(make("section", { class: "card", lang: "en" },
    make("h2", {}, "This course is on another site"),
    make("p", {}, `It opens in a tab of its own, at ${new URL(url).host}.`),
    make("p", { class: "buttons" }, open, player.isFinished() ? null : confirm), how));
  player.report({}, true);
}
