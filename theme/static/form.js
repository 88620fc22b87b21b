// Sends a lead's form without leaving the page. Without it the form has its own page.
(() => {
  "use strict";
  const ids = new Map(); // until one is taken
  const uuid = () =>
    crypto.randomUUID?.() ?? // not on plain http
    crypto.getRandomValues(new Uint8Array(16)).join("-");
  const live = document.body.appendChild(document.createElement("p"));
  live.className = "unseen";
  live.setAttribute("role", "status");

  const tell = (form, text) => {
    form.querySelector(".problems")?.remove();
    const box = document.createElement("div");
    box.className = "problems";
    box.tabIndex = -1;
    box.setAttribute("role", "alert");
    box.append(text);
    form.prepend(box);
    box.focus();
  };

  const thank = (form, main, url) => {
    for (const link of main.querySelectorAll("a")) link.href = new URL(link.getAttribute("href"), url);
    const box = document.createElement("div");
    box.className = "thanks";
    box.append(...main.childNodes);
    (form.closest(".lead-form, .form-page") ?? form).replaceWith(box);
    let title = box.querySelector("h1");
    if (document.querySelectorAll("h1").length > 1) {
      const lower = document.createElement("h2");
      lower.append(...title.childNodes);
      title.replaceWith(lower);
      title = lower;
    }
    title.tabIndex = -1;
    title.focus();
    live.textContent = title.textContent;
  };

  const send = async (form, id) => {
    const answer = await fetch(form.getAttribute("action"), {
      method: "POST",
      body: new URLSearchParams(new FormData(form)),
      headers: { Accept: "text/html" },
      signal: AbortSignal.timeout?.(30000),
    });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const main = page.querySelector("main");
    const again = page.getElementById(id);
    if (page.querySelector("[data-proof]")) location = answer.url; // on its own host
    else if (answer.ok && main?.querySelector("h1")) {
      ids.delete(id);
      thank(form, main, answer.url);
    } else if (again) {
      form.replaceWith(again);
      again.querySelector("[role=alert]")?.focus();
    } else {
      throw Error(answer.status < 500 ? page.querySelector("h1 + p")?.textContent : "");
    }
  };

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("form.lead")) return;
    event.preventDefault();
    if (form.dataset.sending) return;
    form.dataset.sending = "yes";
    const id = form.getAttribute("id");
    if (!ids.has(id)) ids.set(id, uuid());
    const { gp_id, gp_seconds } = form.elements;
    if (gp_id) gp_id.value = ids.get(id);
    if (gp_seconds) gp_seconds.value = Math.round(performance.now() / 1000);
    try {
      await send(form, id);
    } catch (error) {
      const said = error.name === "Error" && error.message;
      tell(form, said || "That did not get through. All you typed is still here: please try again.");
    }
    delete form.dataset.sending;
  });
})();
