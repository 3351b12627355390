/** A double of the editor: it remembers what it was told, and tests play the user. */
import type * as vscode from "vscode";

/** What the tests set and read. */
export interface Editor {
  settings: Record<string, { value?: unknown; workspaceValue?: unknown }>;
  updates: unknown[][];
  executed: unknown[][];
  messages: { kind: string; text: string; buttons: string[] }[];
  press: string | undefined;
  statusBar: Record<string, unknown>;
  languageStatus: Record<string, unknown>;
  log: string[];
  extensions: Record<string, unknown>;
  isTrusted: boolean;
  activeTextEditor: unknown;
  fire: (event: string, value?: unknown) => void;
}

const listeners = new Map<string, ((value: unknown) => void)[]>();

const event = (name: string) => (listener: (value: unknown) => void) => {
  listeners.set(name, [...(listeners.get(name) ?? []), listener]);
  return { dispose: () => undefined };
};

export const editor = { fire: emit } as Editor;

function emit(name: string, value?: unknown): void {
  listeners.get(name)?.forEach((listener) => listener(value));
}

export function reset(): void {
  listeners.clear();
  Object.assign(editor, {
    settings: {},
    updates: [],
    executed: [],
    messages: [],
    press: undefined,
    statusBar: { show: () => (editor.statusBar.visible = true) },
    languageStatus: {},
    log: [],
    extensions: {},
    isTrusted: true,
    activeTextEditor: undefined,
  } satisfies Omit<Editor, "fire">);
  editor.statusBar.hide = () => (editor.statusBar.visible = false);
}
reset();

/** An object of which only some members matter; every event on it can be subscribed to. */
function partial(members: object): object {
  return new Proxy(members, {
    get: (target, name, receiver): unknown =>
      typeof name === "string" && name.startsWith("on") && !(name in target)
        ? event(name)
        : Reflect.get(target, name, receiver),
  });
}

const say =
  (kind: string) =>
  (text: string, ...buttons: string[]) => {
    editor.messages.push({ kind, text, buttons });
    return Promise.resolve(editor.press);
  };

const line =
  (level: string) =>
  (...parts: unknown[]) =>
    editor.log.push([level, ...parts].join(" "));

class MarkdownString {
  constructor(public value = "") {}
  appendText(text: string): this {
    this.value += text;
    return this;
  }
  appendMarkdown(text: string): this {
    this.value += text;
    return this;
  }
}

class EventEmitter {
  event = event("emitter");
  fire(): void {}
  dispose(): void {}
}

const known: Record<string, unknown> = {
  version: "1.91.0",
  env: { appName: "test", language: "en" },
  EventEmitter,
  MarkdownString,
  LogLevel: { Off: 0, Trace: 1, Debug: 2, Info: 3, Warning: 4, Error: 5 },
  ConfigurationTarget: { Global: 1, Workspace: 2 },
  LanguageStatusSeverity: { Information: 0, Warning: 1, Error: 2 },
  StatusBarAlignment: { Left: 1, Right: 2 },
  ProgressLocation: { Window: 10, Notification: 15 },
  ThemeColor: class {
    constructor(readonly id: string) {}
  },
  commands: {
    executeCommand: (...args: unknown[]) => {
      editor.executed.push(args);
      return Promise.resolve();
    },
  },
  extensions: partial({ getExtension: (id: string) => editor.extensions[id], all: [] }),
  languages: partial({
    match: (_: unknown, document: vscode.TextDocument) =>
      document.languageId === "python" ? 10 : 0,
    createLanguageStatusItem: () => editor.languageStatus,
    createDiagnosticCollection: () => ({ dispose: () => undefined, clear: () => undefined }),
  }),
  window: partial({
    get activeTextEditor() {
      return editor.activeTextEditor;
    },
    visibleTextEditors: [],
    tabGroups: partial({ all: [] }),
    createStatusBarItem: () => editor.statusBar,
    createOutputChannel: () =>
      partial({
        logLevel: 3,
        appendLine: line("raw"),
        info: line("info"),
        warn: line("warn"),
        error: line("error"),
        dispose: () => undefined,
      }),
    showInformationMessage: say("information"),
    showWarningMessage: say("warning"),
    showErrorMessage: say("error"),
    withProgress: (_: unknown, task: (progress: unknown, token: unknown) => unknown) =>
      task({ report: () => undefined }, partial({})),
  }),
  workspace: partial({
    get isTrusted() {
      return editor.isTrusted;
    },
    textDocuments: [],
    notebookDocuments: [],
    workspaceFolders: undefined,
    getConfiguration: () => ({
      get: (key: string) => editor.settings[key]?.workspaceValue ?? editor.settings[key]?.value,
      inspect: (key: string) => editor.settings[key],
      update: (...args: unknown[]) => Promise.resolve(editor.updates.push(args)),
    }),
  }),
};

// The language client extends and compares with many classes of the editor that no test here meets.
class Unused {}
const doubles: Record<string, unknown> = { ...known, editor, reset };
module.exports = new Proxy(doubles, { get: (target, name: string) => target[name] ?? Unused });
