// On a narrow screen the tabs scroll: the current one is scrolled into view.
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
