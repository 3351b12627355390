import type { DocumentSelector as EditorSelector } from "vscode";
import type { DocumentSelector } from "vscode-languageclient/node";

/** What is scored, in the terms of the protocol. */
export const documentSelector: DocumentSelector = [
  { language: "python", scheme: "file" },
  { language: "python", scheme: "untitled" },
  { language: "python", notebook: "*" },
];

/** The same in the terms of the editor. */
export const editorSelector: EditorSelector = [
  { language: "python", scheme: "file" },
  { language: "python", scheme: "untitled" },
  { language: "python", notebookType: "*" },
];
