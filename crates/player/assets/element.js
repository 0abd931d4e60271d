/* Makes elements of the page; markup is never put together from text. */

/** An element with attributes, properties and children. */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

export const DONE = "You have finished this course.";

/** What stands where the learner said that they are done: that it is so, once the platform has it. */
export function outcome(player) {
  const words = make("p", { tabindex: "-1" }, player.isFinished() ? DONE : "Saving that you have finished…");
  player.finished = () => { words.textContent = DONE; };
  return words;
}
