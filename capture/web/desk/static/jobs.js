// Replaces the state and the progress every second, and shows the result as soon as there is one.
const job = document.getElementById("job");

async function update() {
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.status >= 500) throw new Error(answer.status);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = page.querySelector("#job[data-open]");
    if (!next) {
      location.reload();
      return;
    }
    job.replaceChildren(...next.childNodes);
  } catch {
    // The service does not answer for a moment: ask again.
  }
  setTimeout(update, 1000);
}
setTimeout(update, 1000);
