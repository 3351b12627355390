/** The editor's value types, as far as the tests meet them. */
import { URI, Utils } from "vscode-uri";

export const Uri = Object.assign(URI, { joinPath: Utils.joinPath });

export class Position {
  constructor(
    readonly line: number,
    readonly character: number,
  ) {}
}

export class Range {
  readonly start: Position;
  readonly end: Position;
  constructor(...numbers: number[] | [Position, Position]) {
    const [a, b, c, d] = numbers as number[];
    const [start, end] = numbers as [Position, Position];
    this.start = start instanceof Position ? start : new Position(a ?? 0, b ?? 0);
    this.end = end instanceof Position ? end : new Position(c ?? 0, d ?? 0);
  }
}

export class Selection extends Range {
  get active(): Position {
    return this.end;
  }
  get isEmpty(): boolean {
    return this.start.line === this.end.line && this.start.character === this.end.character;
  }
}

export class Disposable {
  constructor(private readonly end: () => unknown) {}
  static from(...each: { dispose: () => unknown }[]): Disposable {
    return new Disposable(() => each.forEach((one) => one.dispose()));
  }
  dispose(): void {
    this.end();
  }
}

export class EventEmitter<Value> {
  private readonly listeners = new Set<(value: Value) => void>();
  readonly event = (listener: (value: Value) => void): Disposable => {
    this.listeners.add(listener);
    return new Disposable(() => this.listeners.delete(listener));
  };
  fire(value: Value): void {
    this.listeners.forEach((listener) => listener(value));
  }
  dispose(): void {
    this.listeners.clear();
  }
}

export class CancellationTokenSource {
  private readonly emitter = new EventEmitter<void>();
  readonly token = {
    isCancellationRequested: false,
    onCancellationRequested: this.emitter.event,
  };
  cancel(): void {
    this.token.isCancellationRequested = true;
    this.emitter.fire();
  }
  dispose(): void {
    this.emitter.dispose();
  }
}

export class MarkdownString {
  constructor(public value = "") {}
  appendText(text: string): this {
    this.value += text;
    return this;
  }
  appendMarkdown(text: string): this {
    this.value += text;
    return this;
  }
  appendCodeblock(code: string): this {
    this.value += `\n${code}\n`;
    return this;
  }
}

export class ThemeColor {
  constructor(readonly id: string) {}
}

export class ThemeIcon {
  static readonly File = new ThemeIcon("file");
  constructor(readonly id: string) {}
}

export class TreeItem {
  constructor(
    readonly label: string,
    readonly collapsibleState = 0,
  ) {}
}

export const enumerations = {
  ConfigurationTarget: { Global: 1, Workspace: 2 },
  DecorationRangeBehavior: { ClosedClosed: 1 },
  LanguageStatusSeverity: { Information: 0, Warning: 1, Error: 2 },
  LogLevel: { Off: 0, Trace: 1, Debug: 2, Info: 3, Warning: 4, Error: 5 },
  OverviewRulerLane: { Left: 1, Center: 2, Right: 4, Full: 7 },
  ProgressLocation: { Window: 10, Notification: 15 },
  StatusBarAlignment: { Left: 1, Right: 2 },
  TextEditorRevealType: { InCenterIfOutsideViewport: 2 },
  TreeItemCollapsibleState: { None: 0, Collapsed: 1, Expanded: 2 },
  ViewColumn: { Beside: -2, One: 1 },
};
