import { Disposable, EventEmitter, workspace, type Uri } from "vscode";
import { movedLines } from "./movedLines";
import type { LineScores, ScoredLine } from "./protocol";

export type Scores = Pick<LineScores, "baseRate" | "threshold" | "lines">;

/** The scores of the open documents' lines. They follow edits until the server has scored again. */
export class ScoredDocuments implements Disposable {
  private readonly known = new Map<string, Scores>();
  private readonly changed = new EventEmitter<Uri | undefined>();
  private readonly subscriptions: Disposable[];

  /** Fires after a document was scored or forgotten; without a document when all were forgotten. */
  readonly onDidChange = this.changed.event;

  constructor() {
    this.subscriptions = [
      this.changed,
      workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        const scores = this.known.get(document.uri.toString());
        if (scores && contentChanges.length > 0) {
          const lines = movedLines<ScoredLine>(scores.lines, contentChanges);
          this.known.set(document.uri.toString(), { ...scores, lines });
        }
      }),
      workspace.onDidCloseTextDocument(({ uri }) => {
        if (this.known.delete(uri.toString())) {
          this.changed.fire(uri);
        }
      }),
    ];
  }

  /** Take the scores of a version, unless the text has moved on: another answer is then on its way. */
  set(uri: Uri, { version, ...scores }: Pick<LineScores, "version"> & Scores): void {
    const document = workspace.textDocuments.find((each) => each.uri.toString() === uri.toString());
    if (!document || (version !== null && version !== document.version)) {
      return;
    }
    this.known.set(uri.toString(), scores);
    this.changed.fire(uri);
  }

  get(uri: Uri): Scores | undefined {
    return this.known.get(uri.toString());
  }

  clear(): void {
    this.known.clear();
    this.changed.fire(undefined);
  }

  dispose(): void {
    Disposable.from(...this.subscriptions).dispose();
  }
}
