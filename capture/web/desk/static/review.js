// Adds keys and running clocks to the queue of leads in review. Everything else works without it.
const loadedAt = Date.now();
const cards = [...document.querySelectorAll(".queued")];
let sent = false;

document.body.classList.add("has-keys");
for (const line of document.querySelectorAll(".keys")) line.hidden = false;

// The same words as the server's: the two largest units, rounded down.
function inWords(seconds) {
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1) return "less than a minute";
  const units = [[Math.floor(minutes / 1440), "day"], [Math.floor(minutes / 60) % 24, "hour"], [minutes % 60, "minute"]];
  const first = units.findIndex(([number]) => number > 0);
  return units.slice(first, first + 2).filter(([number]) => number > 0)
    .map(([number, noun]) => `${number} ${noun}${number === 1 ? "" : "s"}`).join(" ");
}

function showTimes() {
  const elapsed = (Date.now() - loadedAt) / 1000;
  for (const clock of document.querySelectorAll("[data-seconds-left]")) {
    const left = Number(clock.dataset.secondsLeft) - elapsed;
    if (clock.matches("form")) {
      if (left < 0) clock.remove();
    } else if (left > 0) {
      clock.textContent = inWords(left);
    } else {
      clock.parentElement.textContent = "The time has ended";
      clock.closest(".queued")?.classList.add("over");
    }
  }
}
showTimes();
setInterval(showTimes, 1000);

const cardOf = (element) => element?.closest(".queued");

function move(step) {
  const at = cards.indexOf(cardOf(document.activeElement));
  const card = cards[at < 0 ? 0 : Math.min(Math.max(at + step, 0), cards.length - 1)];
  card?.focus();
  card?.scrollIntoView({ block: "nearest" });
}

function send(form) {
  if (!form || sent) return;
  form.requestSubmit(form.querySelector("button:not([type=button])"));
}

// A second key or click while the answer is on its way changes nothing.
document.addEventListener("submit", (event) => {
  if (sent) event.preventDefault();
  sent = true;
});
addEventListener("pageshow", () => { sent = false; });

const isTyping = (element) => element.matches("textarea, select, input:not([type=radio]):not([type=checkbox])");

document.addEventListener("keydown", (event) => {
  const target = document.activeElement;
  if (event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
  if (isTyping(target) && event.key !== "Escape") return;
  if (target !== document.body && !target.closest("main")) return;
  const card = cardOf(target);
  const rejection = card?.querySelector(".rejection");
  const isArrow = event.key.startsWith("Arrow");
  if (isArrow && target.matches("input")) return;
  if (event.key === "j" || event.key === "ArrowDown") move(1);
  else if (event.key === "k" || event.key === "ArrowUp") move(-1);
  else if (event.key === "a") send(card?.querySelector(".acceptance"));
  else if (event.key === "u") send(document.querySelector(".undo"));
  else if (event.key === "r" && rejection) {
    rejection.open = true;
    (rejection.querySelector("input[type=radio]:checked") ?? rejection.querySelector("input[type=radio]")).focus();
  } else if (event.key === "Escape" && rejection?.open) {
    rejection.open = false;
    card.focus();
  } else if (/^[1-9]$/.test(event.key) && rejection?.open) {
    const reason = rejection.querySelectorAll("input[type=radio]")[event.key - 1];
    if (!reason) return;
    reason.checked = true;
    send(rejection.querySelector("form"));
  } else return;
  event.preventDefault();
});

// The keys act on the lead with the focus: the one that the address names, else the first.
const named = location.hash ? document.getElementById(location.hash.slice(1)) : null;
const start = document.querySelector("[autofocus]") ?? cardOf(named) ?? cards[0] ?? document.querySelector(".undo button");
start?.focus();
