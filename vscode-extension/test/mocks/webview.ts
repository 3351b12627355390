import { EventEmitter, Uri } from "./values";

export type Panel = ReturnType<typeof createWebviewPanel>;

/** A panel that remembers every page it showed; tests speak for the page. */
export function createWebviewPanel(...args: unknown[]) {
  const [said, closed] = [new EventEmitter<unknown>(), new EventEmitter<void>()];
  const pages: string[] = [];
  const posted: unknown[] = [];
  return {
    options: args[3],
    title: "",
    pages,
    posted,
    say: (message: unknown) => said.fire(message),
    reveal: () => undefined,
    onDidDispose: closed.event,
    dispose: () => closed.fire(),
    webview: {
      cspSource: "https://extension",
      asWebviewUri: (uri: { path: string }) => Uri.parse(`https://extension${uri.path}`),
      onDidReceiveMessage: said.event,
      postMessage: (message: unknown) => Promise.resolve(posted.push(message)),
      get html() {
        return pages.at(-1) ?? "";
      },
      set html(page: string) {
        pages.push(page);
      },
    },
  };
}
