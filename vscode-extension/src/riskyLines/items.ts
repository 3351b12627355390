import {
  l10n,
  MarkdownString,
  Range,
  ThemeIcon,
  TreeItem,
  TreeItemCollapsibleState,
  workspace,
} from "vscode";
import { posix } from "node:path";
import type { Icons } from "../heatMap";
import { bandName, lineNumber, percent, probability } from "../wording";
import { cellOf, type FileRow, type LineRow, type Row } from "./rows";

const STROKE = "\u0336";

export function itemOf(row: Row, icons: Icons): TreeItem {
  return row.kind === "file" ? fileItem(row) : lineItem(row, icons);
}

function fileItem({ uri, lines }: FileRow): TreeItem {
  const cell = cellOf(uri);
  const place = cell?.notebook ?? uri;
  const name = posix.basename(place.path);
  const item = new TreeItem(
    cell ? l10n.t("{0}, cell {1}", name, cell.number) : name,
    TreeItemCollapsibleState.Expanded,
  );
  item.id = uri.toString();
  item.resourceUri = place;
  item.iconPath = ThemeIcon.File;
  const folder = posix.dirname(workspace.asRelativePath(place));
  item.description = folder === "." ? count(lines.length) : `${folder} · ${count(lines.length)}`;
  item.contextValue = "file";
  return item;
}

function count(lines: number): string {
  return lines === 1 ? l10n.t("1 line") : l10n.t("{0} lines", lines);
}

function lineItem(row: LineRow, icons: Icons): TreeItem {
  const { uri, line, band, reviewed } = row;
  const text = row.text.trim();
  const share = probability(row.probability);
  // The number stands first: a narrow view cuts the end off.
  const item = new TreeItem(`${share}  ${reviewed ? struckOut(text) : text}`);
  item.id = `${uri.toString()}#${line}`;
  const facts = [bandName(band), lineNumber(line), row.unit];
  if (reviewed) {
    facts.push(l10n.t("reviewed"));
  }
  item.description = facts.join(" · ");
  item.iconPath = reviewed ? new ThemeIcon("check") : icons[band];
  // The stroke is a character to a screen reader: it is told in words.
  item.accessibilityInformation = { label: [text, share, ...facts].join(", ") };
  item.tooltip = tooltip(row);
  item.contextValue = reviewed ? "line reviewed" : "line";
  item.command = {
    command: "vscode.open",
    title: l10n.t("Open"),
    arguments: [uri, { selection: new Range(line, 0, line, 0), preserveFocus: true }],
  };
  return item;
}

/** The tree has no style for this; a stroke over each character is shown by every font. */
export function struckOut(text: string): string {
  return Array.from(text, (character) => character + STROKE).join("");
}

function tooltip({ probability: value, baseRate, text }: LineRow): MarkdownString {
  return new MarkdownString()
    .appendText(
      l10n.t("Edit probability {0} (base rate {1})", probability(value), percent(baseRate)),
    )
    .appendCodeblock(text.trim(), "python");
}
