import { randomUUID } from "node:crypto";
import { posix } from "node:path";
import {
  CancellationTokenSource,
  l10n,
  Range,
  Uri,
  ViewColumn,
  window,
  workspace,
  type Disposable,
  type WebviewPanel,
} from "vscode";
import { serverCommands, type LineQuery } from "../protocol";
import { reasonOf } from "../reason";
import { execute } from "../request";
import type { Server } from "../server";
import type { Target } from "../target";
import { explanationPage, failurePage, waitingPage, type Frame } from "./page";
import { readExplanation } from "./read";

/** What the page's script says. */
type Message = { readonly message: "again" } | { readonly message: "open"; readonly line: number };

/** One panel beside the editor; it shows the explanation that was asked for last. */
export class ExplanationPanel implements Disposable {
  private panel: WebviewPanel | undefined;
  private asked: { readonly target: Target; readonly cancel: CancellationTokenSource } | undefined;
  private readonly media: Uri;
  private readonly subscription: Disposable;

  constructor(
    extension: Uri,
    private readonly server: Server,
  ) {
    this.media = Uri.joinPath(extension, "media", "explanation");
    this.subscription = workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
      if (
        contentChanges.length > 0 &&
        document.uri.toString() === this.asked?.target.uri.toString()
      ) {
        void this.panel?.webview.postMessage({ message: "stale" });
      }
    });
  }

  async show(target: Target): Promise<void> {
    this.asked?.cancel.cancel();
    const asked = (this.asked = { target, cancel: new CancellationTokenSource() });
    const panel = (this.panel ??= this.open());
    panel.reveal(undefined, true);
    panel.title = l10n.t("Explanation of line {0}", target.line + 1);
    panel.webview.html = waitingPage(this.frame(panel), target.line);
    const content = await this.content(target, asked.cancel, this.frame(panel));
    // Another line was asked about meanwhile, or the panel closed.
    if (asked === this.asked) {
      panel.webview.html = content;
    }
  }

  dispose(): void {
    this.panel?.dispose();
    this.subscription.dispose();
  }

  private async content(
    { uri, line }: Target,
    { token }: CancellationTokenSource,
    frame: Frame,
  ): Promise<string> {
    try {
      const text = (await workspace.openTextDocument(uri)).getText();
      const query: LineQuery = { uri: this.server.address(uri), line };
      const answer = await execute<unknown>(this.server, serverCommands.explainLine, query, token);
      const explanation = readExplanation(answer);
      return explanationPage(frame, explanation, text, posix.basename(uri.path));
    } catch (error) {
      return failurePage(frame, line, reasonOf(error));
    }
  }

  private open(): WebviewPanel {
    const panel = window.createWebviewPanel(
      "linewise.explanation",
      "Linewise",
      { viewColumn: ViewColumn.Beside, preserveFocus: true },
      { enableScripts: true, localResourceRoots: [this.media], enableFindWidget: true },
    );
    panel.onDidDispose(() => {
      this.asked?.cancel.cancel();
      this.asked = this.panel = undefined;
    });
    panel.webview.onDidReceiveMessage((message: Message) => this.follow(message));
    return panel;
  }

  private async follow(message: Message): Promise<void> {
    const target = this.asked?.target;
    if (!target) {
      return;
    }
    switch (message.message) {
      case "again":
        return this.show(target);
      case "open": {
        const { uri } = target;
        const shown = window.visibleTextEditors.find(
          ({ document }) => document.uri.toString() === uri.toString(),
        );
        await window.showTextDocument(uri, {
          selection: new Range(message.line, 0, message.line, 0),
          viewColumn: shown?.viewColumn ?? ViewColumn.One,
        });
      }
    }
  }

  private frame({ webview }: WebviewPanel): Frame {
    const address = (name: string) =>
      webview.asWebviewUri(Uri.joinPath(this.media, name)).toString();
    return {
      nonce: randomUUID(),
      source: webview.cspSource,
      style: address("explanation.css"),
      script: address("explanation.js"),
    };
  }
}
