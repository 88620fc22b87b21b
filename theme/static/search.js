// Shows what Pagefind finds while one types. Without it the page leads to topics and archive.
(() => {
  "use strict";
  const SHOWN = 10;
  const SHORTEST = 2; // one letter is part of nearly every word, and costs the most
  const form = document.querySelector("form.search");
  const list = document.querySelector(".results");
  const status = form.querySelector("[role=status]");
  const box = form.elements.q;
  const engine = new URL(form.dataset.engine, location);
  let loading;
  let latest = 0;

  const load = () => {
    loading ??= import(engine).then(async ({ createInstance }) => {
      const pagefind = createInstance({ noWorker: true }); // a worker would load it all once more
      await pagefind.init();
      return pagefind;
    });
    return loading;
  };

  // An excerpt is HTML with <mark>; only its words and its marks are taken over.
  const excerpt = (html) => {
    const line = document.createElement("p");
    for (const node of new DOMParser().parseFromString(html, "text/html").body.childNodes) {
      const part = node.nodeName === "MARK" ? document.createElement("mark") : new Text();
      part.textContent = node.textContent;
      line.append(part);
    }
    return line;
  };

  const entry = (found) => {
    const item = document.createElement("li");
    const article = item.appendChild(document.createElement("article"));
    const link = document.createElement("a");
    link.href = new URL(found.url, engine.origin);
    link.textContent = found.meta.title;
    const title = article.appendChild(document.createElement("h2"));
    title.dir = "auto";
    title.append(link);
    article.append(excerpt(found.excerpt));
    return item;
  };

  const search = async () => {
    const turn = ++latest;
    const words = box.value.trim();
    if (words.length < SHORTEST) {
      list.replaceChildren();
      status.textContent = "";
      return;
    }
    try {
      const pagefind = await load();
      const found = await pagefind.search(words);
      const count = found.results.length;
      const [first, ...others] = found.results.slice(0, SHOWN);
      const shown = first && entry(await first.data());
      if (turn !== latest) return;
      list.replaceChildren(...(shown ? [shown] : []));
      const only = count > SHOWN ? `, the first ${SHOWN} are shown` : "";
      status.textContent = count ? `${count} found${only}` : "Nothing found";
      for (const waiting of others.map((result) => result.data())) {
        const next = entry(await waiting);
        if (turn !== latest) return;
        list.append(next);
      }
    } catch {
      loading = undefined; // the next word may try again
      status.textContent = "Search is not at hand. The topics and the archive list everything.";
    }
  };

  box.addEventListener("focus", () => load().catch(() => {}), { once: true });
  box.addEventListener("input", search);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    search();
  });
  box.value = new URLSearchParams(location.search).get("q") ?? "";
  if (box.value) search();
})();
