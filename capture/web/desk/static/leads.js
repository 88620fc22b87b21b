// A box in the heading selects all leads of the page, and the legend counts the selected ones.
const form = document.querySelector("#selection");
const heading = form && form.querySelector("th.choose");
if (heading) {
  const boxes = [...form.querySelectorAll("input[name=lead]")];
  const legend = form.querySelector(".bulk legend");
  const words = legend.textContent;
  const all = document.createElement("input");
  all.type = "checkbox";
  all.className = "choice";
  all.setAttribute("aria-label", "Select all leads of this page");
  heading.replaceChildren(all);
  const count = () => {
    const selected = boxes.filter((box) => box.checked).length;
    all.checked = selected === boxes.length;
    all.indeterminate = selected > 0 && !all.checked;
    legend.textContent = selected ? `${words}: ${selected}` : words;
  };
  all.addEventListener("change", () => {
    boxes.forEach((box) => { box.checked = all.checked; });
    count();
  });
  form.addEventListener("change", count);
  count();
}

// The offer to undo disappears when its time has ended.
for (const offer of document.querySelectorAll("form[data-seconds-left]")) {
  setTimeout(() => offer.remove(), offer.dataset.secondsLeft * 1000);
}
