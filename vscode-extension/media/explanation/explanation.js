// What a page cannot do by itself: tell the extension what was pressed, and hear that the text changed.
const editor = acquireVsCodeApi();

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-message]");
  if (button) {
    const { message, line } = button.dataset;
    editor.postMessage(line === undefined ? { message } : { message, line: Number(line) });
  }
});

window.addEventListener("message", ({ data }) => {
  const banner = document.getElementById("stale");
  if (data.message === "stale" && banner) {
    banner.hidden = false;
  }
});
