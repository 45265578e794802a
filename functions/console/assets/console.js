// Makes the console quicker. Everything works without it: it sends the same forms, and shows the same pages, without loading them
// anew. It holds no state, knows no status, and builds no markup.

// The one way by which text becomes a document. It comes from this site alone, and a document that was parsed runs no script.
const policy = window.trustedTypes
  ? window.trustedTypes.createPolicy("console", { createHTML: (text) => text })
  : { createHTML: (text) => text };
const parse = (text) => new DOMParser().parseFromString(policy.createHTML(text), "text/html");

const main = () => document.getElementById("content");
const says = (text) => {
  document.getElementById("says").textContent = text;
};

// Requests of one page go out one after the other, so that versions of rows agree.
let last = Promise.resolve();
const inTurn = (work) => {
  last = last.then(work, work);
  return last;
};

// What can have the focus, in its order.
const places = (of) => [...of.querySelectorAll("a, button, input, select, summary")];

// Puts the page of an answer in the place of the one that is shown.
const show = (text, address) => {
  const next = parse(text);
  const focused = document.activeElement;
  const [now, then] = [document.querySelector(".frame"), next.querySelector(".frame")];
  if (!now || !then) {
    return false;
  }
  const [had, at] = [now.contains(focused), places(now).indexOf(focused)];
  now.replaceWith(document.adoptNode(then));
  document.title = next.title;
  if (address) {
    history.replaceState(null, "", address);
  }
  // The focus stays where it was, or goes to the content if that is gone: never to the top of the page.
  if (had) {
    const same = places(then)[at];
    const alike = same && same.textContent === focused.textContent ? same : main();
    ((focused.id && document.getElementById(focused.id)) || alike).focus();
  }
  localTimes();
  const saved = document.querySelector(".saved");
  if (saved) {
    says(saved.textContent);
  }
  return true;
};

// Sends a form as the browser would. What does not come back as a page of this kind is left to the browser.
const send = async (form, button) => {
  const fields = new URLSearchParams(new FormData(form, button));
  main().setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.action, { method: "POST", body: fields, credentials: "same-origin" });
    const text = await answer.text();
    if (!show(text, answer.redirected ? answer.url : null)) {
      location.reload();
    }
  } catch {
    // Without a connection: the browser's own page says so better.
    form.submit();
  } finally {
    main().removeAttribute("aria-busy");
  }
};

// Ticks are saved at once, and leave everything else where it is.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (button && button.classList.contains("tick")) {
    event.preventDefault();
    // What was pressed may have been replaced by the answer to the press before, and may stand elsewhere in the list.
    const { action } = button.form;
    inTurn(() => {
      const current = [...document.querySelectorAll("button.tick")].find((one) => one.form.action === action) || button;
      return send(current.form, current);
    });
  }
});

// A page on which something changes by itself says after how many seconds to look again; after the first minute that is 5 at least. It is
// left alone while nobody sees it, and while somebody types.
const began = Date.now();
const again = () => Number(main() && main().dataset.again);
const pause = () => 1_000 * Math.max(again() || 5, Date.now() - began < 60_000 ? 2 : 5);
const watch = async () => {
  if (again() && !document.hidden && !typing(document.activeElement)) {
    const before = quarter();
    try {
      const answer = await fetch(location.href, { credentials: "same-origin" });
      // While the service does not answer, what it said last stays.
      if (answer.status < 500) {
        show(await answer.text(), answer.redirected ? answer.url : null);
      }
    } catch {
      // The next look may succeed.
    }
    tell(before, quarter());
  }
  setTimeout(watch, pause());
};

// Progress is said at each quarter only, or nobody could hear anything else.
const quarter = () => {
  const bar = document.querySelector("progress[max]");
  return bar ? Math.floor((4 * bar.value) / (bar.max || 1)) : null;
};
const tell = (before, now) => {
  if (before !== now || !again()) {
    const bar = document.querySelector("progress[max]");
    says(bar ? `${bar.value} / ${bar.max}` : document.title);
  }
};

// Times come in UTC, since the server cannot know better.
const localTimes = () => {
  for (const time of document.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (!Number.isNaN(at.getTime())) {
      time.title = time.textContent;
      time.textContent = at.toLocaleString(document.documentElement.lang === "nl" ? "nl" : "en-GB", { dateStyle: "long", timeStyle: "short" });
    }
  }
};

// Single keys: off in fields, with other keys held, and for people who have switched them off.
const typing = (element) => Boolean(element) && element.matches("input:not([type=radio], [type=checkbox]), select, textarea, [contenteditable]");
const rows = () => [...document.querySelectorAll("table[data-rows] tbody tr")];
const move = (by) => {
  const all = rows();
  const at = all.indexOf(document.activeElement.closest("tr"));
  const next = all[at < 0 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1)];
  const target = next && (next.querySelector("button, a") || next);
  if (target) {
    target.focus();
  }
};
const keys = {
  j: () => move(1),
  k: () => move(-1),
  x: (row) => row && row.querySelector(".tick") && row.querySelector(".tick").click(),
  m: (row) => {
    const link = row && row.querySelector("td:last-child a, th a");
    if (link) {
      link.click();
    }
  },
  "/": () => document.getElementById("search") && document.getElementById("search").focus(),
  "?": () => location.assign("/console/keys"),
};
document.addEventListener("keydown", (event) => {
  const off = !("keys" in document.body.dataset) || event.ctrlKey || event.altKey || event.metaKey || typing(event.target);
  // A link or a choice may name its own key.
  const own = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === event.key);
  if (!off && (keys[event.key] || own)) {
    event.preventDefault();
    if (own) {
      own.focus();
      own.click();
    } else {
      keys[event.key](document.activeElement.closest("tr"));
    }
  }
});

localTimes();
setTimeout(watch, pause());
