/** A double of the editor: it remembers what it was told, and tests play the user. */
import type * as vscode from "vscode";
import * as values from "./values";
import { EventEmitter, Uri } from "./values";
import { createWebviewPanel, type Panel } from "./webview";

/** What the tests set and read. */
export interface Editor {
  settings: Record<string, { value?: unknown; workspaceValue?: unknown }>;
  updates: unknown[][];
  executed: unknown[][];
  messages: { kind: string; text: string; buttons: string[] }[];
  press: string | undefined;
  /** Answers to quick picks: chooses among what is offered. */
  choose: (items: readonly { label: string }[]) => unknown;
  picks: { items: readonly { label: string }[]; options: { title?: string } }[];
  /** What is typed into an input box; undefined closes it. */
  typed: string | undefined;
  statusBar: Record<string, unknown>;
  languageStatus: Record<string, unknown>;
  statusMessages: string[];
  clipboard: string;
  log: string[];
  extensions: Record<string, unknown>;
  isTrusted: boolean;
  activeTextEditor: unknown;
  visibleTextEditors: unknown[];
  textDocuments: unknown[];
  notebookDocuments: unknown[];
  workspaceFolders: { uri: unknown }[];
  shown: unknown[][];
  views: Record<string, Record<string, unknown>>;
  panels: Panel[];
  files: Record<string, string>;
  /** Where to save, as a dialog is answered; undefined closes it. */
  saveTo: unknown;
  lm: unknown;
  fire: (event: string, value?: unknown) => void;
}

const events = new Map<string, EventEmitter<unknown>>();

function event(name: string) {
  const emitter = events.get(name) ?? new EventEmitter<unknown>();
  events.set(name, emitter);
  return emitter.event;
}

export const editor = {
  fire: (name, value) => events.get(name)?.fire(value),
} as Editor;

export function reset(): void {
  events.clear();
  Object.assign(editor, {
    settings: {},
    updates: [],
    executed: [],
    messages: [],
    press: undefined,
    choose: () => undefined,
    picks: [],
    typed: undefined,
    statusBar: { show: () => (editor.statusBar.visible = true) },
    languageStatus: {},
    statusMessages: [],
    clipboard: "",
    log: [],
    extensions: {},
    isTrusted: true,
    activeTextEditor: undefined,
    visibleTextEditors: [],
    textDocuments: [],
    notebookDocuments: [],
    workspaceFolders: [],
    shown: [],
    views: {},
    panels: [],
    files: {},
    saveTo: undefined,
    lm: undefined,
  } satisfies Omit<Editor, "fire">);
  editor.statusBar.hide = () => (editor.statusBar.visible = false);
}
reset();

/** The last value that a context key was set to. */
export function contextKey(name: string): unknown {
  return editor.executed.findLast(
    ([command, key]) => command === "setContext" && key === name,
  )?.[2];
}

/** Say that a setting changed. */
export function fireConfiguration(changed: string): void {
  editor.fire("onDidChangeConfiguration", {
    affectsConfiguration: (section: string) => section === changed,
  });
}

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
  (text: string, ...rest: unknown[]) => {
    const buttons = rest.filter((each) => typeof each === "string");
    editor.messages.push({ kind, text, buttons });
    return Promise.resolve(buttons.find((button) => button === editor.press));
  };

const line =
  (level: string) =>
  (...parts: unknown[]) =>
    editor.log.push([level, ...parts].join(" "));

const sameAddress = (uri: vscode.Uri) => (each: unknown) =>
  (each as vscode.TextDocument).uri.toString() === uri.toString();

const api: Record<string, unknown> = {
  ...values,
  ...values.enumerations,
  version: "1.91.0",
  env: {
    appName: "test",
    language: "en",
    clipboard: { writeText: (text: string) => Promise.resolve((editor.clipboard = text)) },
  },
  l10n: {
    t: (text: string, ...args: unknown[]) =>
      text.replace(/\{(\d+)\}/g, (_, index: string) => String(args[Number(index)])),
  },
  commands: {
    executeCommand: (...args: unknown[]) => {
      editor.executed.push(args);
      return Promise.resolve();
    },
    registerCommand: () => new values.Disposable(() => undefined),
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
    get visibleTextEditors() {
      return editor.visibleTextEditors;
    },
    tabGroups: partial({ all: [] }),
    createStatusBarItem: () => editor.statusBar,
    createTextEditorDecorationType: (options: object) => ({ ...options, dispose: () => undefined }),
    createTreeView: (id: string, options: object) =>
      (editor.views[id] = { ...options, dispose: () => undefined }),
    createWebviewPanel: (...args: unknown[]) => {
      const panel = createWebviewPanel(...args);
      editor.panels.push(panel);
      return panel;
    },
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
    showQuickPick: (items: Editor["picks"][number]["items"], options: { title?: string }) => {
      editor.picks.push({ items, options });
      return Promise.resolve(editor.choose(items));
    },
    showSaveDialog: () => Promise.resolve(editor.saveTo),
    showWorkspaceFolderPick: () => Promise.resolve(editor.workspaceFolders.at(-1)),
    showInputBox: () => Promise.resolve(editor.typed),
    setStatusBarMessage: (text: string) => editor.statusMessages.push(text),
    showTextDocument: (...args: unknown[]) => Promise.resolve(editor.shown.push(args)),
    withProgress: (_: unknown, task: (progress: unknown, token: unknown) => unknown) =>
      task({ report: () => undefined }, partial({})),
  }),
  workspace: partial({
    get isTrusted() {
      return editor.isTrusted;
    },
    get textDocuments() {
      return editor.textDocuments;
    },
    get notebookDocuments() {
      return editor.notebookDocuments;
    },
    get workspaceFolders() {
      return editor.workspaceFolders.length > 0 ? editor.workspaceFolders : undefined;
    },
    getConfiguration: () => ({
      get: (key: string) => editor.settings[key]?.workspaceValue ?? editor.settings[key]?.value,
      inspect: (key: string) => editor.settings[key],
      update: (...args: unknown[]) => Promise.resolve(editor.updates.push(args)),
    }),
    openTextDocument: (what: vscode.Uri | { content: string; language: string }) =>
      what instanceof Uri
        ? Promise.resolve(editor.textDocuments.find(sameAddress(what)))
        : Promise.resolve(what),
    asRelativePath: (uri: vscode.Uri) => uri.path.replace(/^\/src\//, ""),
    getWorkspaceFolder: (uri: vscode.Uri) =>
      editor.workspaceFolders.find((each) =>
        uri.path.startsWith(`${(each.uri as vscode.Uri).path}/`),
      ),
    fs: {
      stat: ({ path }: vscode.Uri) =>
        path in editor.files ? Promise.resolve({}) : Promise.reject(new Error("no file")),
      readFile: ({ path }: vscode.Uri) =>
        Promise.resolve(new TextEncoder().encode(editor.files[path])),
      writeFile: ({ path }: vscode.Uri, content: Uint8Array) =>
        Promise.resolve((editor.files[path] = new TextDecoder().decode(content))),
    },
  }),
};

// The language client extends and compares with many classes of the editor that no test here meets.
class Unused {}
const doubles: Record<string, unknown> = { ...api, editor, reset, contextKey, fireConfiguration };
module.exports = new Proxy(doubles, {
  get: (target, name: string) => (name === "lm" ? editor.lm : (target[name] ?? Unused)),
});
