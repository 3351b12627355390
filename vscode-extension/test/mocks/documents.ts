/** Documents and editors for tests: a text, and what was done to the editor that shows it. */
import { Position, Range, Selection, Uri } from "./values";

export interface Shown {
  readonly document: ReturnType<typeof document>;
  selection: Selection;
  /** What was decorated last, by type. */
  readonly decorated: Map<unknown, number[]>;
  revealed: number | undefined;
}

/** A document; `version` is its first one. */
export function document(address: string, text: string, languageId = "python", version = 1) {
  const lines = text.split("\n");
  return {
    uri: Uri.parse(address),
    languageId,
    version,
    lineCount: lines.length,
    getText: () => text,
    lineAt: (line: number) => {
      const content = lines[line];
      if (content === undefined) {
        throw new Error("Illegal value for `line`");
      }
      return {
        text: content,
        range: new Range(line, 0, line, content.length),
        firstNonWhitespaceCharacterIndex: content.search(/\S|$/),
      };
    },
  };
}

/** An editor with the cursor at the start of a line. */
export function editorOn(shown: ReturnType<typeof document>, line = 0) {
  const state: Shown = {
    document: shown,
    selection: new Selection(new Position(line, 0), new Position(line, 0)),
    decorated: new Map(),
    revealed: undefined,
  };
  return Object.assign(state, {
    setDecorations: (type: unknown, ranges: readonly Range[]) =>
      state.decorated.set(
        type,
        ranges.map(({ start }) => start.line),
      ),
    revealRange: ({ start }: Range) => (state.revealed = start.line),
  });
}
