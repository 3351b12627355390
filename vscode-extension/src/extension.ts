import { commands, type ExtensionContext } from "vscode";
import { querySelection, resetFeedback, showLog, showMenu } from "./commands";
import { copyMarkdown } from "./copyMarkdown";
import { editorSelector } from "./documents";
import { ExplanationPanel } from "./explanation/panel";
import { bandIcons, HeatMap, toggleHeatMap } from "./heatMap";
import { disposeLog } from "./logging";
import { installModelInUse, selectModel } from "./models";
import { goToRiskyLine } from "./navigation";
import { offerRemedies } from "./remedies";
import { coalesced } from "./restart";
import { acceptFile, markReviewed, notUseful } from "./review";
import { ReportPanel } from "./report/panel";
import { RiskyLinesTree } from "./riskyLines/tree";
import { chooseFilter, showTree } from "./riskyLines/view";
import { pauseScan, resumeScan, scanWorkspace } from "./scan";
import { ScoredDocuments } from "./scoredDocuments";
import { Server } from "./server";
import { onDidChangeSetting } from "./settings";
import { StatusItems } from "./statusItems";
import { targetOf, type Target } from "./target";
import { registerTools } from "./tools/register";
import { openExample, openWalkthrough, watchFirstScores, welcome } from "./walkthrough";
import { whatIf } from "./whatIf";

let server: Server | undefined;

export function activate(context: ExtensionContext): void {
  const status = new StatusItems(editorSelector);
  const documents = new ScoredDocuments();
  const current = (server = new Server(context, status, documents));
  const icons = bandIcons(context.extensionUri);
  const tree = new RiskyLinesTree(current, documents, icons, context.workspaceState);
  const report = new ReportPanel(context.extensionUri, current);
  const explanation = new ExplanationPanel(context.extensionUri, current);

  const restart = coalesced(async () => {
    const problem = await current.restart();
    if (problem) {
      void offerRemedies(problem, current);
    }
  });

  const register = (name: string, work: (...given: unknown[]) => unknown) =>
    context.subscriptions.push(commands.registerCommand(`linewise.${name}`, work));
  const onLine = (name: string, work: (target: Target) => unknown) =>
    register(name, (...given) => {
      const target = targetOf(given);
      return target && work(target);
    });

  register("restart", restart);
  register("showLog", showLog);
  register("showMenu", () => showMenu(status, current));
  register("selectModel", () => selectModel(current));
  register("installModel", () => installModelInUse(current));
  register("querySelection", () => querySelection(current));
  register("resetFeedback", () => resetFeedback(current));
  register("toggleHeatMap", () => toggleHeatMap(context.globalState));
  register("nextRiskyLine", () => goToRiskyLine(documents, "next"));
  register("previousRiskyLine", () => goToRiskyLine(documents, "previous"));
  register("filterRiskyLines", () => chooseFilter(tree));
  register("refreshRiskyLines", () => tree.refresh());
  register("report", () => report.show());
  register("scan", () => scanWorkspace(current));
  register("pauseScan", () => pauseScan(current));
  register("resumeScan", () => resumeScan(current));
  register("openWalkthrough", () => openWalkthrough(context));
  register("openExample", () => openExample(context));
  onLine("showExplanation", (target) => explanation.show(target));
  onLine("whatIf", (target) => whatIf(current, target));
  onLine("copyMarkdown", (target) => copyMarkdown(current, target));
  onLine("markReviewed", (target) => markReviewed(current, target, true));
  onLine("markNotReviewed", (target) => markReviewed(current, target, false));
  onLine("notUseful", (target) => notUseful(current, target));
  onLine("acceptFile", ({ uri }) => acceptFile(current, uri));

  context.subscriptions.push(
    status,
    documents,
    tree,
    explanation,
    report,
    showTree(tree),
    new HeatMap(documents, icons),
    watchFirstScores(documents),
    registerTools(current),
    onDidChangeSetting("interpreter", () => void restart()),
    { dispose: disposeLog },
  );

  // The first start is a restart: it fails in the same ways and says so in the same way. Not awaited:
  // making an environment takes minutes, and the commands are there meanwhile.
  void commands.executeCommand("linewise.restart");
  void welcome(context);
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}
