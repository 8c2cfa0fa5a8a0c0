"use strict";

// The pages work without this. It adds: `/` goes to the filter, filtering while one types, the request log as it happens.

const MOST_ROWS = 500;

function setUpFilter(filter) {
  const form = filter.form;
  let asked = new AbortController();

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, select, textarea, [contenteditable]");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      filter.focus();
      filter.select();
    }
  });

  filter.addEventListener("input", async () => {
    asked.abort();
    asked = new AbortController();
    const url = new URL(form.action);
    if (filter.value.trim()) url.searchParams.set("q", filter.value);
    try {
      const answer = await fetch(url, { signal: asked.signal });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const id of ["results", "count"]) {
        const fresh = page.getElementById(id);
        if (fresh) document.getElementById(id).replaceChildren(...fresh.childNodes);
      }
      history.replaceState(null, "", url);
    } catch (error) {
      if (error.name !== "AbortError") form.requestSubmit();
    }
  });
}

function setUpLog(log) {
  const rows = log.querySelector("tbody");
  const state = document.getElementById("live");
  const pause = document.getElementById("pause");
  let source = null;
  let last = log.dataset.after;
  let paused = false;

  function say(text, kind) {
    state.textContent = text;
    state.className = `badge ${kind}`;
  }

  function take(event) {
    last = event.lastEventId;
    if (event.type === "reset") rows.replaceChildren();
    rows.insertAdjacentHTML("afterbegin", event.data);
    while (rows.rows.length > MOST_ROWS) rows.lastElementChild.remove();
    document.querySelector("main > .nothing")?.remove();
  }

  function open() {
    if (source || paused || document.hidden) return;
    source = new EventSource(`${log.dataset.events}?after=${encodeURIComponent(last)}`);
    source.addEventListener("open", () => say("live", "good"));
    source.addEventListener("requests", take);
    source.addEventListener("reset", take);
    source.addEventListener("error", () => {
      say("reconnecting", "busy");
      if (source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      close();
      setTimeout(open, 3000);
    });
  }

  function close() {
    source?.close();
    source = null;
  }

  pause.hidden = false;
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.textContent = paused ? "Go on" : "Pause";
    pause.setAttribute("aria-pressed", String(paused));
    if (paused) {
      close();
      say("paused", "busy");
    } else {
      open();
    }
  });
  // A browser grants one host six connections: a page that nobody sees gives its own back.
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", open);
  say("connecting", "");
  open();
}

const filter = document.getElementById("filter");
if (filter) setUpFilter(filter);
const log = document.getElementById("log");
if (log) setUpLog(log);
