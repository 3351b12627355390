import { commands, env, l10n, window } from "vscode";
import type { Problem, Remedy } from "./problem";
import type { Server } from "./server";

function label(remedy: Remedy): string {
  switch (remedy) {
    case "createEnvironment":
      return l10n.t("Create Environment");
    case "openInterpreterSetting":
      return l10n.t("Open Setting");
    case "restart":
      return l10n.t("Restart Server");
    case "showLog":
      return l10n.t("Show Log");
  }
}

/** Say what is wrong, with a button for each thing that helps, and do what is pressed. */
export async function offerRemedies(problem: Problem, server: Server): Promise<void> {
  const show =
    problem.severity === "question" ? window.showInformationMessage : window.showErrorMessage;
  const pressed = await show(problem.message, ...problem.remedies.map(label));
  const remedy = problem.remedies.find((candidate) => label(candidate) === pressed);
  switch (remedy) {
    case "createEnvironment":
      await server.setup.allowEnvironment();
      await commands.executeCommand("linewise.restart");
      break;
    case "openInterpreterSetting":
      // In a remote window the user's own settings do not show what belongs to a machine.
      await commands.executeCommand(
        env.remoteName ? "workbench.action.openRemoteSettings" : "workbench.action.openSettings",
        { query: "linewise.interpreter" },
      );
      break;
    case "restart":
      await commands.executeCommand("linewise.restart");
      break;
    case "showLog":
      await commands.executeCommand("linewise.showLog");
      break;
    case undefined:
      break;
  }
}
