import { commands, workspace, Uri, window, type Disposable, type ExtensionContext } from "vscode";
import type { ScoredDocuments } from "./scoredDocuments";

const WELCOMED = "linewise.welcomed";

export async function openWalkthrough(
  { extension }: ExtensionContext,
  beside = false,
): Promise<void> {
  const walkthrough = `${extension.id}#start`;
  await commands.executeCommand("workbench.action.openWalkthrough", walkthrough, beside);
}

/** Open the walkthrough once, beside the file that led to the first start, unless the editor was told never to open any. */
export async function welcome(context: ExtensionContext): Promise<void> {
  const { globalState } = context;
  const wanted = workspace.getConfiguration("workbench.welcomePage.walkthroughs");
  if (globalState.get<boolean>(WELCOMED) || wanted.get<boolean>("openOnInstall") === false) {
    return;
  }
  await globalState.update(WELCOMED, true);
  await openWalkthrough(context, true);
}

/** Tick the step “score a file” off when one was scored. */
export function watchFirstScores(documents: ScoredDocuments): Disposable {
  return documents.onDidChange((uri) => {
    if (uri && documents.get(uri)) {
      void commands.executeCommand("setContext", "linewise.scored", true);
    }
  });
}

/** Open a copy of the example: it belongs to the user and is not saved anywhere. */
export async function openExample({ extensionUri }: ExtensionContext): Promise<void> {
  const example = Uri.joinPath(extensionUri, "media", "walkthrough", "example.py");
  const content = new TextDecoder().decode(await workspace.fs.readFile(example));
  const document = await workspace.openTextDocument({ language: "python", content });
  await window.showTextDocument(document);
}
