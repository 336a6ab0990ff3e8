// What pages do beyond reading and sending forms, which work without any of this.
(() => {
  "use strict";
  const all = (selector, within = document) => within.querySelectorAll(selector);

  // Times are sent in UTC; here they are shown in the zone of whoever looks.
  const clock = new Intl.DateTimeFormat("en-GB", {
    day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short",
  });
  const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
  const between = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  const units = [["day", 86400], ["hour", 3600], ["minute", 60]];
  const fromNow = (moment) => {
    const seconds = (moment - Date.now()) / 1000;
    const [unit, size] = units.find(([, length]) => Math.abs(seconds) >= length) ?? ["minute", 60];
    return between.format(Math.trunc(seconds / size), unit);
  };
  const showTimes = (within) => {
    for (const time of all("time[datetime]:not([data-shown])", within)) {
      const moment = new Date(time.dateTime);
      if (Number.isNaN(moment.getTime())) continue;
      time.dataset.shown = "";
      const isFar = Math.abs(moment - Date.now()) > 30 * 86400e3;
      if ("ago" in time.dataset) {
        time.title = `${clock.format(moment)} (${time.title})`;
        time.textContent = isFar ? day.format(moment) : fromNow(moment);
      } else {
        time.textContent = clock.format(moment);
      }
    }
  };

  const announce = (words) => {
    const place = document.getElementById("announcer");
    if (place) place.textContent = words;
  };

  // The theme switch.
  const chosenTheme = () => document.documentElement.dataset.theme ?? "auto";
  const showTheme = () => {
    for (const button of all("[data-theme-choice]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === chosenTheme()));
    }
  };
  const chooseTheme = (theme) => {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    try {
      localStorage.setItem("posture-theme", theme);
    } catch {
      // Kept for this page only.
    }
    showTheme();
    document.dispatchEvent(new CustomEvent("theme-chosen"));
  };

  const copy = async (button) => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.classList.add("copied");
      announce("Copied");
      setTimeout(() => button.classList.remove("copied"), 1500);
    } catch {
      announce("The browser did not allow copying");
    }
  };

  // A dialog is a popover for who has no script; with one it keeps the focus inside.
  const openDialog = (event, opener) => {
    const dialog = document.getElementById(opener.getAttribute("popovertarget"));
    if (!(dialog instanceof HTMLDialogElement)) return;
    event.preventDefault();
    if (dialog.open) dialog.close();
    else dialog.showModal();
  };

  // Lists that are searched on the page: tenants, values of a filter.
  const search = (field) => {
    const wanted = field.value.trim().toLowerCase();
    for (const item of all("li", document.getElementById(field.dataset.finds))) {
      item.hidden = wanted !== "" && !item.textContent.toLowerCase().includes(wanted);
    }
  };

  // Words that were sent after the sign-in had ended are there again once somebody has signed in. Until the next page,
  // and in this tab only.
  const WORDS = "posture-words";
  const written = (form) => all("textarea, input:is([type=text], [type=date])", form);
  const isSigningIn = () => location.pathname.startsWith("/sign-in");
  const keepWords = (form) => {
    if (form.method !== "post" || isSigningIn()) return;
    const words = Object.fromEntries([...written(form)].map((field) => [field.name, field.value]));
    const kept = { path: location.pathname, action: form.getAttribute("action"), words, wasSignedOut: false };
    sessionStorage.setItem(WORDS, JSON.stringify(kept));
  };
  const bringWordsBack = () => {
    const kept = JSON.parse(sessionStorage.getItem(WORDS));
    if (!kept) return;
    if (isSigningIn()) {
      sessionStorage.setItem(WORDS, JSON.stringify({ ...kept, wasSignedOut: true }));
      return;
    }
    sessionStorage.removeItem(WORDS);
    if (!kept.wasSignedOut || kept.path !== location.pathname) return;
    for (const form of all('main form[method="post"]')) {
      if (form.getAttribute("action") !== kept.action) continue;
      for (const field of written(form)) field.value = kept.words[field.name] || field.value;
    }
  };
  const ifTheBrowserKeeps = (deed) => {
    try {
      deed();
    } catch {
      // A browser that keeps nothing: the words are lost, as without scripts.
    }
  };

  // Rows that are chosen together.
  const showChosen = () => {
    for (const form of all("[data-chooses]")) {
      const boxes = [...all("input[data-choice]", form)];
      const chosen = boxes.filter((box) => box.checked).length;
      const every = form.querySelector("[data-choose-all]");
      if (every) {
        every.checked = chosen > 0 && chosen === boxes.length;
        every.indeterminate = chosen > 0 && chosen < boxes.length;
      }
      for (const place of all("[data-chosen-count]", form)) place.textContent = String(chosen);
      for (const bar of all("[data-chosen-bar]", form)) bar.classList.toggle("nothing-chosen", chosen === 0);
    }
  };

  // How many values of a filter are chosen; the form itself is never replaced.
  const countPicked = (pick) => {
    const chosen = all("input[type=checkbox]:checked", pick).length;
    let place = pick.querySelector(".pick-count");
    if (!place) {
      place = document.createElement("span");
      place.className = "pick-count";
      pick.querySelector("summary .icon").before(place);
    }
    place.textContent = String(chosen);
    place.hidden = chosen === 0;
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.themeChoice) chooseTheme(button.dataset.themeChoice);
    else if (button.dataset.copy !== undefined) copy(button);
    else if (button.hasAttribute("popovertarget")) openDialog(event, button);
  });
  // A click beside a dialog closes it, as it does with a popover.
  document.addEventListener("click", (event) => {
    if (event.target instanceof HTMLDialogElement && event.target.open && event.detail > 0) {
      const box = event.target.getBoundingClientRect();
      const isInside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
      if (!isInside) event.target.close();
    }
  });
  document.addEventListener("submit", (event) => ifTheBrowserKeeps(() => keepWords(event.target)));
  document.addEventListener("input", (event) => {
    if (event.target.dataset.finds) search(event.target);
  });
  // What is typed to find a value in a list is no filter of its own.
  document.addEventListener("change", (event) => {
    const field = event.target;
    if (field.dataset.finds) event.stopPropagation();
    if (field.dataset.chooseAll !== undefined) {
      for (const box of all("input[data-choice]", field.closest("[data-chooses]"))) box.checked = field.checked;
    }
    const pick = field.closest("details.pick");
    if (pick) countPicked(pick);
    showChosen();
  }, true);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = event.target.closest?.("details.pick[open]");
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });
  document.addEventListener("click", (event) => {
    for (const open of all("details.pick[open]")) if (!open.contains(event.target)) open.open = false;
  });

  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.verb !== "get") {
      event.detail.headers["X-CSRF-Token"] = document.querySelector('meta[name="csrf-token"]').content;
      return;
    }
    // An address that can be passed on names only what was asked for.
    const asked = event.detail.parameters;
    for (const name of [...new Set(Object.keys(asked))]) if (asked[name] === "") delete asked[name];
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    const within = event.detail.elt.parentNode ?? document;
    showTimes(within);
    showChosen();
    const news = within.querySelector?.("[data-announce]");
    // A part that asks for itself every second is heard only when it says something else.
    if (news && news.textContent.trim() !== document.getElementById("announcer")?.textContent) announce(news.textContent.trim());
  });
  // The sign-in has ended: its page is shown whole instead of in the middle of a list.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const answered = new URL(event.detail.xhr.responseURL || location.href, location.href);
    if (answered.pathname !== "/sign-in") return;
    event.detail.shouldSwap = false;
    location.reload();
  });
  // What was asked for wrongly is told on a page of its own. What may pass is only announced: polling goes on.
  document.addEventListener("htmx:responseError", (event) => {
    const { status, responseURL } = event.detail.xhr;
    if (status === 429 || status >= 500) announce("The page could not be brought up to date");
    else if (event.detail.requestConfig.verb === "get") location.assign(responseURL);
    else location.reload();
  });
  document.addEventListener("htmx:sendError", () => announce("The service cannot be reached"));

  for (const group of all(".themes")) group.hidden = false;
  showTheme();
  showTimes(document);
  showChosen();
  ifTheBrowserKeeps(bringWordsBack);
})();
