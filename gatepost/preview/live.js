// Follows the builds of the live preview: shows problems, and reloads the page when it has changed.
(() => {
  "use strict";
  const thisPage = document.currentScript.dataset; // session, build and hash of this page
  const STORAGE_KEY = "gatepost-live";
  const STYLES = "link[rel~=stylesheet]";

  // --- keep the scroll position and the typed text over a reload ---

  const listForms = () => [...document.querySelectorAll("form[id]")];
  const typedFields = (form) =>
    [...form.elements]
      .map((field, index) => ({ field, index }))
      .filter(({ field }) => field.name && !["hidden", "submit", "password", "file"].includes(field.type))
      .map(({ field, index }) => ({
        index,
        name: field.name,
        value: field.multiple ? [...field.selectedOptions].map((option) => option.value) : field.value,
        checked: field.checked,
      }));
  // Visible elements with an id, such as headings: the scroll position is stored relative to one.
  const listAnchors = () =>
    [...document.querySelectorAll("main [id]")].filter(
      (element) => !element.closest("form") && element.getClientRects().length,
    );

  const savePageState = () => {
    const anchor = listAnchors().findLast((element) => element.getBoundingClientRect().top <= innerHeight / 3);
    const state = {
      address: location.href,
      y: scrollY,
      anchor: scrollY > 0 && anchor ? { id: anchor.id, top: anchor.getBoundingClientRect().top } : null,
      focus: document.activeElement?.id,
      forms: listForms().map((form) => ({ id: form.getAttribute("id"), fields: typedFields(form) })),
    };
    try {
      sessionStorage.setItem(STORAGE_KEY, JSON.stringify(state));
      history.scrollRestoration = "manual";
    } catch {} // no storage: the browser restores the scroll position as well as it can
  };

  const fillForm = (form, fields) => {
    for (const { index, name, value, checked } of fields) {
      const field = form.elements[index];
      if (field?.name !== name) continue; // the form has changed
      if (["checkbox", "radio"].includes(field.type)) field.checked = checked && field.value === value;
      else if (field.multiple) for (const option of field.options) option.selected = value.includes(option.value);
      else if (field.value !== value) field.value = value;
    }
  };

  const restorePageState = () => {
    let state = null;
    try {
      state = JSON.parse(sessionStorage.getItem(STORAGE_KEY));
      sessionStorage.removeItem(STORAGE_KEY);
    } catch {}
    if (state?.address !== location.href) return;
    for (const { id, fields } of state.forms) {
      const form = listForms().find((candidate) => candidate.getAttribute("id") === id);
      if (form) fillForm(form, fields);
    }
    if (state.focus) document.getElementById(state.focus)?.focus({ preventScroll: true });
    let userHasScrolled = false;
    const scroll = () => {
      const anchor = state.anchor && document.getElementById(state.anchor.id);
      const y = anchor ? scrollY + anchor.getBoundingClientRect().top - state.anchor.top : state.y;
      if (!userHasScrolled) scrollTo({ top: y, behavior: "instant" });
    };
    scroll();
    for (const type of ["wheel", "touchmove", "keydown", "pointerdown"])
      addEventListener(type, () => (userHasScrolled = true), { once: true, passive: true });
    addEventListener("load", scroll, { once: true }); // now every picture has its size
  };

  // --- show problems ---

  const problemBox = document.createElement("gatepost-problems");
  const shadowRoot = problemBox.attachShadow({ mode: "open" });
  const createElement = (name, text, ...children) => {
    const element = document.createElement(name);
    element.append(text, ...children);
    return element;
  };
  const showProblems = (problems, build) => {
    problemBox.remove();
    if (!problems.length) return;
    const stylesheet = document.createElement("link");
    stylesheet.rel = "stylesheet";
    stylesheet.href = "/_live/live.css";
    const hideButton = createElement("button", "Hide");
    hideButton.type = "button";
    hideButton.addEventListener("click", () => problemBox.remove());
    const items = problems.map(({ path, line, message }) => {
      const place = path && createElement("code", line === null ? path : `${path}:${line}`);
      return place ? createElement("li", place, " ", message) : createElement("li", message);
    });
    const panel = createElement(
      "section",
      hideButton,
      createElement("h2", problems.length === 1 ? "One mistake" : `${problems.length} mistakes`),
      createElement("p", build ? "The page is the last good version." : "The site appears when they are fixed."),
      createElement("ol", "", ...items),
    );
    panel.className = "problems";
    panel.setAttribute("role", "alert");
    shadowRoot.replaceChildren(stylesheet, panel);
    document.documentElement.append(problemBox);
  };

  // --- follow the builds ---

  let isReloading = false;
  const reload = () => {
    if (document.querySelector("form[data-sending]")) {
      setTimeout(reload, 100); // the form waits for its answer
      return;
    }
    events?.close();
    isReloading = true;
    savePageState();
    location.reload();
  };

  // Loads changed style sheets without a reload, so that nothing moves.
  const updateStyles = (newPage) => {
    const oldLinks = [...document.querySelectorAll(STYLES)];
    const newLinks = [...newPage.querySelectorAll(STYLES)];
    if (oldLinks.length !== newLinks.length) return reload();
    oldLinks.forEach((oldLink, index) => {
      const href = newLinks[index].getAttribute("href");
      if (oldLink.getAttribute("href") === href) return;
      const link = oldLink.cloneNode();
      link.href = href;
      link.addEventListener("load", () => oldLink.remove());
      link.addEventListener("error", reload);
      oldLink.after(link);
    });
  };

  const update = async (state) => {
    if (state.session !== thisPage.session || state.forAll > Number(thisPage.build)) return reload();
    try {
      const response = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
      const newPage = new DOMParser().parseFromString(await response.text(), "text/html");
      const script = newPage.querySelector("script[data-session][data-page]");
      if (script?.dataset.page !== thisPage.page) return reload();
      thisPage.build = script.dataset.build;
      updateStyles(newPage);
    } catch {} // the preview has ended; its next start sends an event
  };

  let events = null;
  let lastUpdate = Promise.resolve(); // updates run one after the other
  const connect = () => {
    events?.close();
    events = new EventSource("/_live/events");
    events.addEventListener("message", ({ data }) => {
      const state = JSON.parse(data);
      showProblems(state.problems, state.build);
      lastUpdate = lastUpdate.then(() => {
        if (!state.build) return; // the preview has just started: this page is better than none
        if (state.session !== thisPage.session || state.build > Number(thisPage.build)) return update(state);
      });
    });
  };

  // A browser opens only a few connections to one host, so hidden tabs close theirs.
  const connectIfVisible = () => (document.hidden ? events?.close() : connect());
  document.addEventListener("visibilitychange", connectIfVisible);
  addEventListener("pagehide", () => {
    events?.close();
    if (!isReloading) history.scrollRestoration = "auto"; // earlier, the browser would scroll once more
  });
  addEventListener("pageshow", (event) => event.persisted && connectIfVisible());
  restorePageState();
  connectIfVisible();
})();
