import { l10n, window, type Disposable, type QuickPickItem } from "vscode";
import { described, partName, PARTS, type Part } from "./filter";
import type { RiskyLinesTree } from "./tree";

/** Show the tree, with the filter in force beside its title. */
export function showTree(tree: RiskyLinesTree): Disposable {
  const view = window.createTreeView("linewise.riskyLines", {
    treeDataProvider: tree,
    showCollapseAll: true,
  });
  const describe = () => (view.description = described(tree.shown));
  describe();
  const subscription = tree.onDidChangeTreeData(describe);
  return {
    dispose: () => {
      subscription.dispose();
      view.dispose();
    },
  };
}

export async function chooseFilter(tree: RiskyLinesTree): Promise<void> {
  const items = PARTS.map((part): QuickPickItem & { readonly part: Part } => ({
    label: partName(part),
    picked: tree.shown.includes(part),
    part,
  }));
  const chosen = await window.showQuickPick(items, {
    title: l10n.t("Linewise: Filter Risky Lines"),
    placeHolder: l10n.t("Which lines to list"),
    canPickMany: true,
  });
  if (chosen) {
    await tree.show(chosen.map(({ part }) => part));
  }
}
