/** One replacement in a text, lines counted from 0. */
export interface Change {
  readonly range: { readonly start: Place; readonly end: Place };
  readonly text: string;
}

interface Place {
  readonly line: number;
  readonly character: number;
}

/**
 * Say where lines are after an edit, and leave out those whose text it touched: they are no longer
 * what was scored.
 */
export function movedLines<Line extends { readonly line: number }>(
  lines: readonly Line[],
  changes: readonly Change[],
): readonly Line[] {
  return changes.reduce(moveOnce, lines);
}

function moveOnce<Line extends { readonly line: number }>(
  lines: readonly Line[],
  { range: { start, end }, text }: Change,
): readonly Line[] {
  const added = text.split(/\r\n|\n|\r/).length - 1;
  const delta = added - (end.line - start.line);
  // Whole lines put before a line, or taken away before it, leave that line as it was.
  const whole = start.character === 0 && end.character === 0 && /(^|[\r\n])$/.test(text);
  return lines.flatMap((each) => {
    if (each.line < start.line) {
      return [each];
    }
    if (each.line > end.line || (whole && each.line === end.line)) {
      return [delta === 0 ? each : { ...each, line: each.line + delta }];
    }
    return [];
  });
}
