// What a page cannot do by itself: open an editor, save a file, and tell what was pressed.
const editor = acquireVsCodeApi();

document.addEventListener("click", (event) => {
  const pressed = event.target.closest("[data-message], [data-path], a[download]");
  if (!pressed) {
    return;
  }
  const { message, path, line } = pressed.dataset;
  if (message !== undefined) {
    editor.postMessage({ message });
  } else {
    event.preventDefault();
    editor.postMessage(
      path === undefined
        ? { message: "save", name: pressed.download, data: pressed.href }
        : { message: "open", path, line: Number(line) },
    );
  }
});
