"use strict";

// Live reload, put into pages by the local service while `assetsync watch` follows their folder.
// A changed style sheet or picture is swapped where it stands, anything else that matters to the page loads it again.

(() => {
  const script = document.currentScript;
  const HERE = new URL(script.src);
  const PREFIX = HERE.pathname.slice(0, -"/.assetsync/live.js".length); // "", or "/sites/<domain>"
  const MARK = Symbol.for("assetsync.live");
  const MOST_LOADS = 250; // as many does a browser remember
  const LONGEST_WAIT = 10000;

  if (window[MARK] || HERE.origin !== self.origin) return;
  window[MARK] = true;

  // Where things are

  function decoded(path) {
    try {
      return decodeURIComponent(path);
    } catch {
      return path;
    }
  }

  // The path on this site, as a plan names it; null for what is elsewhere.
  function sitePath(reference) {
    try {
      const url = new URL(reference, document.baseURI);
      const isHere = url.origin === HERE.origin && url.pathname.startsWith(`${PREFIX}/`);
      return isHere ? decoded(url.pathname.slice(PREFIX.length)) : null;
    } catch {
      return null;
    }
  }

  // `/about`, `/about/`, `/about.html` and `/about/index.html` may be one page.
  function pageName(path) {
    if (path === "/assets/index.html") return "/";
    return path.replace(/(^|\/)index\.html?$/, "$1").replace(/\.html?$/, "").replace(/(.)\/$/, "$1");
  }

  function fresh(reference) {
    const url = new URL(reference, document.baseURI);
    url.searchParams.set("assetsync", last); // the id of the event: as fresh as can be, and one for all elements
    return url.href;
  }

  // What the page depends on

  const isPage = (path) => /(\.html?|\/[^./]*)$/.test(path);
  const isStyle = (path) => path.endsWith(".css");
  const isPicture = (path) => /\.(apng|avif|bmp|gif|ico|jpe?g|png|svg|webp)$/.test(path);

  function loads(path) {
    return performance.getEntriesByType("resource").filter((each) => sitePath(each.name) === path);
  }

  // This page, and the pages in its frames, which leave the following to it.
  function pagesIn(view) {
    try {
      return [view.location.href, ...Array.from(view, pagesIn).flat()];
    } catch {
      return []; // another origin's
    }
  }

  function matters(path) {
    const names = pagesIn(window).map(sitePath).filter((each) => each !== null).map(pageName);
    if (!isPage(path) || names.includes(pageName(path))) return true;
    return performance.getEntriesByType("resource").length >= MOST_LOADS || loads(path).length > 0;
  }

  // Swapping. Each of these finds the elements that show a path.

  const leaving = new WeakSet(); // style sheets whose successors are being loaded
  const replaced = new WeakMap(); // a style sheet, and those whose place it takes

  function stylesOf(path) {
    const links = [...document.querySelectorAll("link[rel~=stylesheet][href]")];
    return links.filter((link) => !leaving.has(link) && sitePath(link.href) === path);
  }

  function swapStyle(old) {
    const next = old.cloneNode();
    const before = [old, ...(replaced.get(old) ?? [])].filter((link) => link.isConnected);
    leaving.add(old);
    replaced.set(next, before);
    next.href = fresh(old.href);
    next.addEventListener("load", () => before.forEach((link) => link.remove()));
    next.addEventListener("error", () => location.reload()); // it was deleted
    old.after(next);
  }

  const SHOWN_BY = { src: "img[src], input[type=image][src]", srcset: "img[srcset], source[srcset]", href: "link[rel~=icon]" };

  // The attribute with what leads to the path made fresh; itself where nothing does. In a `srcset` the
  // URLs stand between blanks, some with a comma behind them.
  function freshened(value, path) {
    return value.replace(/\S+/g, (word) => {
      const reference = word.replace(/,+$/, "");
      return sitePath(reference) === path ? fresh(reference) + word.slice(reference.length) : word;
    });
  }

  function picturesOf(path) {
    return Object.entries(SHOWN_BY).flatMap(([name, selector]) =>
      [...document.querySelectorAll(selector)]
        .map((element) => ({ element, name, value: freshened(element.getAttribute(name), path) }))
        .filter(({ element, value }) => value !== element.getAttribute(name)),
    );
  }

  function rulesOf(sheet) {
    try {
      return [...sheet.cssRules].flatMap((rule) => (rule.styleSheet ? rulesOf(rule.styleSheet) : rule.cssText));
    } catch {
      return []; // another origin's, or not loaded yet
    }
  }

  // Whether a style may show the picture: one that a browser knows of, or one that has its name in it.
  function isInStyles(path) {
    const name = path.slice(path.lastIndexOf("/") + 1);
    const own = [...document.querySelectorAll("[style]")].map((each) => each.getAttribute("style"));
    const texts = [...own, ...[...document.styleSheets].flatMap(rulesOf)];
    return (
      loads(path).some((each) => each.initiatorType === "css") ||
      texts.some((text) => text.includes(name) || text.includes(encodeURIComponent(name)))
    );
  }

  // What to do, as a list, for a path that matters; null where only loading the page again helps.
  function swapsOf(path) {
    if (isStyle(path)) {
      const links = stylesOf(path);
      return links.length ? links.map((link) => () => swapStyle(link)) : null;
    }
    if (!isPicture(path) || isInStyles(path)) return null;
    const pictures = picturesOf(path);
    return pictures.length ? pictures.map(({ element, name, value }) => () => element.setAttribute(name, value)) : null;
  }

  function show(paths) {
    const swaps = paths.map(decoded).filter(matters).map(swapsOf);
    if (swaps.includes(null)) location.reload();
    else for (const swap of swaps.flat()) swap();
  }

  // What went wrong, over the page

  const STYLE = `
    :host { all: initial }
    section {
      position: fixed; inset: auto 0 0; z-index: 2147483647; box-sizing: border-box; max-height: 60vh; overflow: auto;
      padding: 1rem 3.5rem 1rem 1.25rem; border-top: 4px solid #c62828; background: #fff; color: #1b1b1b;
      box-shadow: 0 0 2rem #0006; font: 15px/1.45 system-ui, sans-serif;
    }
    h2 { margin: 0 0 .5rem; color: #b3261e; font-size: 1rem }
    pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; font: 13px/1.5 ui-monospace, monospace }
    button {
      position: absolute; inset: .5rem .75rem auto auto; width: 2rem; height: 2rem; border: 0; border-radius: 4px;
      background: none; color: inherit; font: 1.5rem/1 sans-serif; cursor: pointer;
    }
    @media (prefers-color-scheme: dark) {
      section { background: #1e1b1b; color: #f2eded }
      h2 { color: #ffb4ab }
    }`;
  let overlay = null;

  function element(name, text, attributes = {}) {
    const made = document.createElement(name);
    made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  }

  function complain(message) {
    hush();
    overlay = element("assetsync-failure", "");
    const root = overlay.attachShadow({ mode: "open" });
    const style = new CSSStyleSheet(); // unlike a style element, no policy of the page forbids it
    style.replaceSync(STYLE);
    root.adoptedStyleSheets = [style];
    const box = element("section", "", { role: "alert" });
    const close = element("button", "\u00d7", { type: "button", "aria-label": "Close" });
    close.addEventListener("click", hush);
    box.append(element("h2", "assetsync could not apply the last change"), element("pre", message), close);
    root.append(box);
    document.documentElement.append(overlay);
    document.addEventListener("keydown", hushOnEscape);
  }

  function hush() {
    overlay?.remove();
    overlay = null;
    document.removeEventListener("keydown", hushOnEscape);
  }

  function hushOnEscape(event) {
    if (event.key === "Escape") hush();
  }

  // The stream of events

  // A page out of a cache of its own (a service worker's) would be told the same news each time that it loads.
  // So what it was told is kept beside what it came with.
  const KEPT = `assetsync.live ${PREFIX}${sitePath(location.href)}`;
  const born = script.dataset.after ?? "";
  let last = born;
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEPT));
    if (kept?.born === born) last = kept.last;
  } catch {
    // nothing can be kept here
  }

  function remember(event) {
    last = event.lastEventId;
    try {
      sessionStorage.setItem(KEPT, JSON.stringify({ born, last }));
    } catch {
      // see above
    }
  }

  let source = null;
  let wait = 0;
  let timer = 0;
  let isOver = false; // nobody watches the site any more: ask again only when somebody looks at the page

  const TAKE = {
    changed(event) {
      hush();
      show(JSON.parse(event.data).paths);
    },
    failed(event) {
      complain(JSON.parse(event.data).message);
    },
    reset() {
      location.reload();
    },
    ended() {
      hush();
      isOver = true;
      close();
    },
  };

  function open() {
    clearTimeout(timer);
    if (source || document.hidden) return;
    const url = new URL("events", HERE);
    url.searchParams.set("after", last);
    source = new EventSource(url);
    source.addEventListener("open", () => {
      wait = 0;
      isOver = false;
    });
    source.addEventListener("error", retry);
    for (const [kind, take] of Object.entries(TAKE)) {
      source.addEventListener(kind, (event) => {
        remember(event);
        take(event);
      });
    }
  }

  function close() {
    clearTimeout(timer);
    source?.close();
    source = null;
  }

  function retry() {
    close();
    wait = Math.min(wait * 2 || 500, LONGEST_WAIT);
    if (!isOver) timer = setTimeout(open, wait);
  }

  // A browser grants one host six connections: a page that nobody sees gives its own back, and a frame needs none.
  function begin() {
    if (above?.[MARK]) return;
    document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
    window.addEventListener("focus", open);
    window.addEventListener("pagehide", close);
    window.addEventListener("pageshow", open);
    open();
  }

  const above = pagesIn(window.parent).length && window.parent !== window ? window.parent : null;
  if (above && above.document.readyState !== "complete") above.addEventListener("load", begin); // its script has run then
  else begin();
})();
