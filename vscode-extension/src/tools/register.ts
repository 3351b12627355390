import { Disposable } from "vscode";
import type { Server } from "../server";
import { toolsApi } from "./api";
import { explainLineTool } from "./explainLine";
import { riskyLinesTool } from "./riskyLines";

/** Let an assistant in the editor ask Linewise. An editor without such tools does without. */
export function registerTools(server: Server): Disposable {
  const api = toolsApi();
  return api
    ? Disposable.from(
        api.registerTool("linewise_riskyLines", riskyLinesTool(server)),
        api.registerTool("linewise_explainLine", explainLineTool(server)),
      )
    : Disposable.from();
}
