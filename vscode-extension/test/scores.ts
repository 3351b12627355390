/** Scores for tests. */
import type { Band, ScoredLine } from "../src/protocol";
import { ScoredDocuments } from "../src/scoredDocuments";
import { editor } from "./mocks/vscode";
import { document, editorOn } from "./mocks/documents";

const PROBABILITY: Record<Band, number> = { low: 0.05, medium: 0.4, high: 0.7 };

export const scored = (line: number, band: Band, reviewed = false): ScoredLine => ({
  line,
  probability: PROBABILITY[band],
  calibrated: true,
  band,
  reviewed,
});

/** An open file with these lines, scored, and the editor that shows it. */
export function openScored(lines: readonly ScoredLine[], text = "    x = 1\n".repeat(20)) {
  const shown = document("file:///src/a.py", text);
  const view = editorOn(shown);
  editor.textDocuments = [shown];
  editor.visibleTextEditors = [view];
  editor.activeTextEditor = view;
  const documents = new ScoredDocuments();
  const uri = shown.uri;
  documents.set(uri, { version: 1, baseRate: 0.08, threshold: 0.3, lines });
  return { documents, view, uri };
}
