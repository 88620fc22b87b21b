// Follows the builds of the live preview: shows mistakes, and loads the page again when it changed.
(() => {
  "use strict";
  const mine = document.currentScript.dataset;
  const KEPT = "gatepost-live";
  const STYLES = "link[rel~=stylesheet]";

  // --- the reader's place, and what they have typed, over a reload ---

  const forms = () => [...document.querySelectorAll("form[id]")];
  const typedIn = (form) =>
    [...form.elements]
      .map((field, place) => ({ field, place }))
      .filter(({ field }) => field.name && !["hidden", "submit", "password", "file"].includes(field.type))
      .map(({ field, place }) => ({
        place,
        name: field.name,
        value: field.multiple ? [...field.selectedOptions].map((option) => option.value) : field.value,
        checked: field.checked,
      }));
  const marks = () =>
    [...document.querySelectorAll("main [id]")].filter((mark) => !mark.closest("form") && mark.getClientRects().length);

  const keep = () => {
    const mark = marks().findLast((one) => one.getBoundingClientRect().top <= innerHeight / 3);
    const kept = {
      address: location.href,
      y: scrollY,
      mark: scrollY > 0 && mark ? { id: mark.id, top: mark.getBoundingClientRect().top } : null,
      focus: document.activeElement?.id,
      forms: forms().map((form) => ({ id: form.getAttribute("id"), typed: typedIn(form) })),
    };
    try {
      sessionStorage.setItem(KEPT, JSON.stringify(kept));
      history.scrollRestoration = "manual";
    } catch {} // no storage: the browser keeps the place as well as it can
  };

  const fillIn = (form, typed) => {
    for (const { place, name, value, checked } of typed) {
      const field = form.elements[place];
      if (field?.name !== name) continue; // the form has changed
      if (["checkbox", "radio"].includes(field.type)) field.checked = checked && field.value === value;
      else if (field.multiple) for (const option of field.options) option.selected = value.includes(option.value);
      else if (field.value !== value) field.value = value;
    }
  };

  const restore = () => {
    let kept = null;
    try {
      kept = JSON.parse(sessionStorage.getItem(KEPT));
      sessionStorage.removeItem(KEPT);
    } catch {}
    if (kept?.address !== location.href) return;
    for (const { id, typed } of kept.forms) {
      const form = forms().find((one) => one.getAttribute("id") === id);
      if (form) fillIn(form, typed);
    }
    if (kept.focus) document.getElementById(kept.focus)?.focus({ preventScroll: true });
    let moved = false;
    const place = () => {
      const mark = kept.mark && document.getElementById(kept.mark.id);
      const y = mark ? scrollY + mark.getBoundingClientRect().top - kept.mark.top : kept.y;
      if (!moved) scrollTo({ top: y, behavior: "instant" });
    };
    place();
    for (const sign of ["wheel", "touchmove", "keydown", "pointerdown"])
      addEventListener(sign, () => (moved = true), { once: true, passive: true });
    addEventListener("load", place, { once: true }); // pictures without a size have theirs now
  };

  // --- mistakes ---

  const box = document.createElement("gatepost-faults");
  const inside = box.attachShadow({ mode: "open" });
  const element = (name, text, ...children) => {
    const made = document.createElement(name);
    made.append(text, ...children);
    return made;
  };
  const tell = (faults, build) => {
    box.remove();
    if (!faults.length) return;
    const look = document.createElement("link");
    look.rel = "stylesheet";
    look.href = "/_live/live.css";
    const hide = element("button", "Hide");
    hide.type = "button";
    hide.addEventListener("click", () => box.remove());
    const items = faults.map(({ path, line, message }) => {
      const where = path && element("code", line === null ? path : `${path}:${line}`);
      return where ? element("li", where, " ", message) : element("li", message);
    });
    const panel = element(
      "section",
      hide,
      element("h2", faults.length === 1 ? "One mistake" : `${faults.length} mistakes`),
      element("p", build ? "Above is the site as it was last good." : "The site appears when they are mended."),
      element("ol", "", ...items),
    );
    panel.className = "faults";
    panel.setAttribute("role", "alert");
    inside.replaceChildren(look, panel);
    document.documentElement.append(box);
  };

  // --- builds ---

  let ours = false; // the page goes because we load it again
  const reload = () => {
    if (document.querySelector("form[data-sending]")) {
      setTimeout(reload, 100); // an answer is on its way
      return;
    }
    source?.close();
    ours = true;
    keep();
    location.reload();
  };

  const restyle = (page) => {
    const now = [...document.querySelectorAll(STYLES)];
    const next = [...page.querySelectorAll(STYLES)];
    if (now.length !== next.length) return reload();
    now.forEach((old, place) => {
      const href = next[place].getAttribute("href");
      if (old.getAttribute("href") === href) return;
      const fresh = old.cloneNode();
      fresh.href = href;
      fresh.addEventListener("load", () => old.remove());
      fresh.addEventListener("error", reload);
      old.after(fresh);
    });
  };

  const look = async (shown) => {
    if (shown.session !== mine.session || shown.forAll > Number(mine.build)) return reload();
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const script = page.querySelector("script[data-session][data-page]");
      if (script?.dataset.page !== mine.page) return reload();
      mine.build = script.dataset.build;
      restyle(page);
    } catch {} // the preview has ended: it says more when it is back
  };

  let source = null;
  let busy = Promise.resolve(); // one look after the other
  const follow = () => {
    source?.close();
    source = new EventSource("/_live/events");
    source.addEventListener("message", ({ data }) => {
      const shown = JSON.parse(data);
      tell(shown.faults, shown.build);
      busy = busy.then(() => {
        if (!shown.build) return; // started anew: what stands here is better than nothing
        if (shown.session !== mine.session || shown.build > Number(mine.build)) return look(shown);
      });
    });
  };

  // A browser opens few connections to one host: tabs that nobody sees leave them to the others.
  const attend = () => (document.hidden ? source?.close() : follow());
  document.addEventListener("visibilitychange", attend);
  addEventListener("pagehide", () => {
    source?.close();
    if (!ours) history.scrollRestoration = "auto"; // sooner, and the browser would move the page once more
  });
  addEventListener("pageshow", (event) => event.persisted && attend());
  restore();
  attend();
})();
