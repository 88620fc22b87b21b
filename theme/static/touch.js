// Keeps the first and the last visit that led here, in this browser alone, and hands them to a form.
// Then counts that the page was opened, and that its form came into sight: the path alone, and for
// nobody who objects.
(() => {
  "use strict";
  const CAMPAIGN = ["utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "gclid"];
  const KEYS = ["path", "referrer", ...CAMPAIGN, "time"];
  const cut = (value) => String(value ?? "").slice(0, 500);

  // Storage may be blocked, full or hold anything: then the visit at hand is all we know.
  const kept = (name) => {
    try {
      const found = JSON.parse(localStorage.getItem(name));
      if (typeof found.path !== "string" || isNaN(Date.parse(found.time))) return null;
      return Object.fromEntries(KEYS.map((key) => [key, cut(found[key])]));
    } catch {
      return null;
    }
  };
  const keep = (name, touch) => {
    try {
      localStorage.setItem(name, JSON.stringify(touch));
    } catch {}
    return touch;
  };
  const host = (url) => {
    try {
      return new URL(url).host;
    } catch {
      return "";
    }
  };

  const query = new URLSearchParams(location.search);
  const now = { path: cut(location.pathname), referrer: cut(document.referrer) };
  for (const key of CAMPAIGN) now[key] = cut(query.get(key));
  now.time = new Date().toISOString();

  const from = host(document.referrer);
  const outside = (from && from !== location.host) || CAMPAIGN.some((key) => now[key]);
  let first = kept("gp_first");
  let last = kept("gp_last");
  if (outside || !last) last = keep("gp_last", now);
  if (!first) first = keep("gp_first", last);

  for (const [name, touch] of [["gp_first", first], ["gp_last", last]])
    for (const input of document.querySelectorAll(`form input[name=${name}]`))
      input.value = JSON.stringify(touch);
  // A form that is shown again with errors keeps the page on which it was filled in.
  for (const input of document.querySelectorAll("form input[name=gp_page]"))
    input.value ||= cut(location.pathname);

  const { views } = document.currentScript.dataset;
  const objects = navigator.globalPrivacyControl || navigator.doNotTrack === "1";
  if (!views || objects || !navigator.sendBeacon) return;
  navigator.sendBeacon(views, location.pathname);
  const form = document.querySelector("form.lead");
  if (!form || !window.IntersectionObserver) return;
  new IntersectionObserver(([entry], observer) => {
    if (!entry.isIntersecting) return;
    observer.disconnect();
    navigator.sendBeacon(`${views}?form`, location.pathname);
  }).observe(form);
})();
