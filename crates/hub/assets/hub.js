// Makes pages of the Hub nicer where there is script. Everything works without it.
"use strict";
(() => {
  const short = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

  // Every time in the reader's zone; the exact instant stays on hover.
  const showTimes = (root) => {
    for (const time of root.querySelectorAll("time[datetime]")) {
      const at = new Date(time.dateTime);
      if (!Number.isNaN(at.getTime())) time.textContent = short.format(at);
    }
  };

  // Buttons that copy: without script there are none.
  const showCopies = (root) => {
    for (const button of root.querySelectorAll("button[data-copy]")) button.hidden = false;
  };

  // Forms that ask once more before they are sent.
  const ask = (form, submitter) => {
    const dialog = document.createElement("dialog");
    const text = document.createElement("p");
    text.textContent = form.dataset.confirm;
    const actions = document.createElement("p");
    actions.className = "actions";
    const yes = document.createElement("button");
    yes.className = "danger";
    yes.textContent = submitter ? submitter.textContent : "Go on";
    const no = document.createElement("button");
    no.textContent = "Cancel";
    no.autofocus = true;
    yes.addEventListener("click", () => {
      delete form.dataset.confirm;
      dialog.close();
      form.requestSubmit(submitter);
    });
    no.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    actions.append(yes, no);
    dialog.append(text, actions);
    document.body.append(dialog);
    dialog.showModal();
  };

  // Takes over the marked parts of the page as it is now, but never what somebody is typing in.
  let busy = false;
  let again = false;
  const refresh = async () => {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" }, redirect: "error" });
      if (answer.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        for (const part of document.querySelectorAll("[data-live][id]")) {
          const now = page.getElementById(part.id);
          if (!now || part.contains(document.activeElement)) continue;
          showTimes(now);
          showCopies(now);
          if (now.innerHTML !== part.innerHTML) part.replaceChildren(...now.childNodes);
        }
      }
    } catch {
      // The stream says when there is something again.
    }
    busy = false;
    if (again) {
      again = false;
      setTimeout(refresh, 1000);
    }
  };

  const listen = () => {
    const path = document.body.dataset.stream;
    if (!path || !document.querySelector("[data-live][id]")) return;
    let stream = null;
    const open = () => {
      stream = new EventSource(path);
      // Something may have happened between the page and the stream.
      stream.addEventListener("begun", refresh);
      stream.addEventListener("changed", refresh);
    };
    // Pages that nobody looks at need no stream.
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) {
        if (stream) stream.close();
        stream = null;
      } else if (!stream) {
        open();
      }
    });
    if (!document.hidden) open();
  };

  showTimes(document);
  showCopies(document);
  for (const text of document.querySelectorAll(".zone")) text.textContent = `times are ${zone}`;
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.confirm) {
      event.preventDefault();
      ask(form, event.submitter);
    }
  });
  // Times that are typed in are in the reader's zone, and are sent in UTC.
  for (const input of document.querySelectorAll("input[data-utc]")) {
    const two = (number) => String(number).padStart(2, "0");
    const at = new Date(`${input.value.slice(0, 16)}Z`);
    if (!Number.isNaN(at.getTime())) {
      const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
      input.value = `${day}T${two(at.getHours())}:${two(at.getMinutes())}`;
    }
    for (const text of input.closest(".field").querySelectorAll(".of-zone")) text.textContent = zone;
    input.form.addEventListener("formdata", (event) => {
      const typed = new Date(input.value);
      if (!Number.isNaN(typed.getTime())) event.formData.set(input.name, typed.toISOString().slice(0, 16));
      else event.formData.delete(input.name);
    });
  }
  // What the buttons do that copy. Browsers keep the newer way for pages that came by https.
  const copy = async (text) => {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (!done) throw new Error("copying is not allowed");
  };
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-copy]");
    if (!button || button.dataset.said) return;
    const said = button.textContent;
    button.dataset.said = said;
    try {
      await copy(button.dataset.copy);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Not allowed here";
    }
    setTimeout(() => {
      button.textContent = said;
      delete button.dataset.said;
    }, 2000);
  });
  // Menus close when one clicks elsewhere or presses Escape.
  const close = (except) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) if (menu !== except) menu.open = false;
  };
  document.addEventListener("click", (event) => close(event.target.closest("details.menu")));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close(null);
  });
  const wrong = document.querySelector(".notice.bad[tabindex]");
  if (wrong) wrong.focus();
  // Where there is no room for all parts, the one that is shown is in sight.
  const here = document.querySelector(".side [aria-current]");
  if (here) here.closest(".side").scrollLeft = here.offsetLeft - 24;
  listen();
})();
