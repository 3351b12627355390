import { Uri, workspace } from "vscode";
import type { RiskyFile, RiskyLine } from "../protocol";
import { passes, type Part } from "./filter";

/** A file in the tree, with the lines that pass the filter. */
export interface FileRow {
  readonly kind: "file";
  readonly uri: Uri;
  readonly baseRate: number;
  readonly lines: readonly LineRow[];
}

export interface LineRow extends RiskyLine {
  readonly kind: "line";
  readonly uri: Uri;
  readonly baseRate: number;
}

export type Row = FileRow | LineRow;

/** The most probable line first, and the file with the most probable line first; empty files are left out. */
export function rows(files: readonly RiskyFile[], shown: readonly Part[]): FileRow[] {
  return files
    .map(({ uri, baseRate, lines }) => fileRow(Uri.parse(uri), baseRate, lines, shown))
    .filter(({ lines }) => lines.length > 0)
    .sort((a, b) => highest(b) - highest(a) || a.uri.path.localeCompare(b.uri.path));
}

function fileRow(
  uri: Uri,
  baseRate: number,
  lines: readonly RiskyLine[],
  shown: readonly Part[],
): FileRow {
  const found = lines
    .filter((line) => passes(line, shown))
    .sort((a, b) => b.probability - a.probability || a.line - b.line)
    .map((line) => ({ ...line, kind: "line" as const, uri, baseRate }));
  return { kind: "file", uri, baseRate, lines: found };
}

/** What was reviewed is listed still, but a file is not first because of it. */
function highest({ lines }: FileRow): number {
  return lines.find(({ reviewed }) => !reviewed)?.probability ?? 0;
}

/** The notebook that a cell is in, and its number there, counted from 1. */
export function cellOf(uri: Uri): { readonly notebook: Uri; readonly number: number } | undefined {
  for (const notebook of workspace.notebookDocuments) {
    const cell = notebook
      .getCells()
      .find(({ document }) => document.uri.toString() === uri.toString());
    if (cell) {
      return { notebook: notebook.uri, number: cell.index + 1 };
    }
  }
  return undefined;
}
