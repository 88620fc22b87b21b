// Counts that a page was opened, and that a form came into sight: the path alone, for nobody who objects.
(() => {
  "use strict";
  const { views } = document.currentScript.dataset;
  if (navigator.globalPrivacyControl || navigator.doNotTrack === "1" || !navigator.sendBeacon) return;
  navigator.sendBeacon(views, location.pathname);
  const form = document.querySelector("form.lead");
  if (!form || !window.IntersectionObserver) return;
  new IntersectionObserver(([entry], observer) => {
    if (!entry.isIntersecting) return;
    observer.disconnect();
    navigator.sendBeacon(`${views}?form`, location.pathname);
  }).observe(form);
})();
