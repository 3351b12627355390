import type { Token } from "./explanation";
import { groupsOf } from "./groups";
import { heatOf, type Heat } from "./heat";

/** A piece of a line; without a token it is what the model did not read, or was not asked about. */
export interface Piece {
  readonly text: string;
  readonly token?: Token;
  /** The weight of all tokens of its group. */
  readonly weight: number;
  readonly heat: Heat;
}

export interface CodeLine {
  readonly line: number;
  readonly pieces: readonly Piece[];
}

/** Lay the tokens over the text they were read from. Lines without any token are left out. */
export function codeLines(text: string, tokens: readonly Token[], explained: number): CodeLine[] {
  const lines = text.split(/\r\n|\n|\r/);
  const groups = groupsOf(tokens);
  const largest = Math.max(0, ...[...groups.values()].map(({ weight }) => Math.abs(weight)));
  const spans = new Map<number, Span[]>();
  for (const span of tokens.flatMap(spansOf)) {
    const found = spans.get(span.line);
    if (found) {
      found.push(span);
    } else {
      spans.set(span.line, [span]);
    }
  }
  const piece = (text: string, token?: Token): Piece => {
    const weight = (token && groups.get(token.group)?.weight) ?? 0;
    return { text, weight, heat: heatOf(weight, largest), ...(token && { token }) };
  };
  const shown = new Set([...spans.keys(), explained]);
  return [...shown]
    .filter((line) => line < lines.length)
    .sort((a, b) => a - b)
    .map((line) => ({ line, pieces: pieces(lines[line] ?? "", spans.get(line) ?? [], piece) }));
}

interface Span {
  readonly line: number;
  readonly start: number;
  readonly end: number;
  readonly token: Token;
}

/** A token may reach over the end of a line; its part of each line is a span. */
function spansOf(token: Token): Span[] {
  return token.text.split(/\r\n|\n|\r/).flatMap((part, index) => {
    const start = index === 0 ? token.column : 0;
    const length = Array.from(part).length;
    return length === 0 ? [] : [{ line: token.line + index, start, end: start + length, token }];
  });
}

function pieces(
  line: string,
  spans: readonly Span[],
  piece: (text: string, token?: Token) => Piece,
): Piece[] {
  const characters = Array.from(line);
  const slice = (start: number, end?: number) => characters.slice(start, end).join("");
  const found: Piece[] = [];
  let place = 0;
  for (const { start, end, token } of [...spans].sort((a, b) => a.start - b.start)) {
    if (start > place) {
      found.push(piece(slice(place, start)));
    }
    found.push(piece(slice(Math.max(start, place), end), token));
    place = Math.max(place, end);
  }
  if (place < characters.length) {
    found.push(piece(slice(place)));
  }
  return found.filter(({ text }) => text !== "");
}
