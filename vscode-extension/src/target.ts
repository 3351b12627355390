import { Uri, window } from "vscode";

/** The line that a command is about. */
export interface Target {
  readonly uri: Uri;
  readonly line: number;
}

/**
 * Find the line in what a command was given: a row of the tree, of a file its first line; an address
 * and a line, as the server's code actions give; a place in the gutter; or nothing, and then it is the
 * line of the cursor.
 */
export function targetOf(given: readonly unknown[]): Target | undefined {
  const [first, line] = given;
  if (typeof first === "string" && typeof line === "number") {
    return { uri: Uri.parse(first), line };
  }
  if (isObject(first) && first.uri instanceof Uri) {
    const { uri, line: zeroBased, lineNumber } = first;
    if (typeof lineNumber === "number") {
      return { uri, line: lineNumber - 1 };
    }
    return { uri, line: typeof zeroBased === "number" ? zeroBased : 0 };
  }
  const editor = window.activeTextEditor;
  return editor && { uri: editor.document.uri, line: editor.selection.active.line };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
