import {
  l10n,
  languages,
  LanguageStatusSeverity,
  MarkdownString,
  StatusBarAlignment,
  ThemeColor,
  window,
  workspace,
  type Disposable,
  type DocumentSelector,
  type Uri,
} from "vscode";
import type { FileSummary } from "./protocol";
import { appearance, type ServerState } from "./status";

/** The status bar item and the language status item: two views of one state. */
export class StatusItems implements Disposable {
  private readonly bar = window.createStatusBarItem("linewise", StatusBarAlignment.Right, 100);
  private readonly language;
  private readonly subscriptions: Disposable[];
  private readonly summaries = new Map<string, FileSummary>();
  private state: ServerState = { kind: "loading", message: "" };

  constructor(private readonly selector: DocumentSelector) {
    this.bar.name = "Linewise";
    this.bar.command = "linewise.showMenu";
    this.language = languages.createLanguageStatusItem("linewise", selector);
    this.language.name = "Linewise";
    this.language.command = { command: "linewise.showMenu", title: l10n.t("Menu") };
    this.subscriptions = [
      this.bar,
      this.language,
      window.onDidChangeActiveTextEditor(() => this.render()),
      workspace.onDidCloseTextDocument(({ uri }) => this.summaries.delete(uri.toString())),
    ];
    this.render();
  }

  get current(): ServerState {
    return this.state;
  }

  set(state: ServerState): void {
    this.state = state;
    if (state.kind === "failed") {
      this.summaries.clear();
    }
    this.render();
  }

  summarize(uri: Uri, summary: FileSummary): void {
    this.summaries.set(uri.toString(), summary);
    this.render();
  }

  dispose(): void {
    for (const subscription of this.subscriptions) {
      subscription.dispose();
    }
  }

  private render(): void {
    const document = window.activeTextEditor?.document;
    // An output panel with the focus is an active editor too; it is no reason to change anything.
    if (document?.uri.scheme === "output") {
      return;
    }
    const summary = document && this.summaries.get(document.uri.toString());
    const { icon, text, label, details } = appearance(this.state, summary);
    const failed = this.state.kind === "failed";

    this.bar.text = `$(${icon}) Linewise: ${text}`;
    this.bar.tooltip = details.reduce(
      (tooltip, line) => tooltip.appendText(line).appendMarkdown("\n\n"),
      new MarkdownString("**Linewise**\n\n"),
    );
    this.bar.accessibilityInformation = { label };
    this.bar.backgroundColor = failed ? new ThemeColor("statusBarItem.errorBackground") : undefined;
    if (document && languages.match(this.selector, document) > 0) {
      this.bar.show();
    } else {
      this.bar.hide();
    }

    // Other extensions' items stand beside it, without their names.
    this.language.text = `Linewise: ${text}`;
    this.language.detail = details.join(" · ");
    this.language.busy = this.state.kind === "loading" || this.state.kind === "busy";
    this.language.severity = failed
      ? LanguageStatusSeverity.Error
      : LanguageStatusSeverity.Information;
    this.language.accessibilityInformation = { label };
  }
}
