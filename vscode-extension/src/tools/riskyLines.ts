import { l10n, Uri, workspace } from "vscode";
import { isRisky } from "../bands";
import { serverCommands, type RiskyFile, type RiskyLinesAnswer } from "../protocol";
import { execute } from "../request";
import type { Server } from "../server";
import { toolResult, type Tool } from "./api";
import { fileNamed } from "./files";

const DEFAULT_LIMIT = 20;

export interface RiskyLinesInput {
  readonly file?: string;
  readonly limit?: number;
}

/** Lists for an assistant where a reviewer should look first. */
export function riskyLinesTool(server: Server): Tool<RiskyLinesInput> {
  return {
    prepareInvocation: () => ({ invocationMessage: l10n.t("Looking for risky lines") }),
    invoke: async ({ input: { file, limit = DEFAULT_LIMIT } }, token) => {
      const uri = file ? server.address(await fileNamed(file)) : null;
      const answer = await execute<RiskyLinesAnswer>(
        server,
        serverCommands.riskyLines,
        { uri },
        token,
      );
      return toolResult({ lines: listed(answer.files, limit), note: NOTE });
    },
  };
}

// For a model, not for a person: not translated.
const NOTE =
  "editProbability is calibrated: of the lines at 0.3, about 30 % are edited before the code does " +
  "what was meant. Compare it with baseRate. Lines count from 1. Only files that were scored in " +
  "the editor are listed; reviewed lines are left out.";

/** The most probable edits of all files, counted as people count lines. */
export function listed(files: readonly RiskyFile[], limit: number) {
  return files
    .flatMap(({ uri, baseRate, lines }) =>
      lines.filter(isRisky).map(({ line, probability, band, unit, text }) => ({
        file: workspace.asRelativePath(Uri.parse(uri)),
        line: line + 1,
        editProbability: rounded(probability),
        baseRate: rounded(baseRate),
        band,
        unit,
        code: text.trim(),
      })),
    )
    .sort((a, b) => b.editProbability - a.editProbability)
    .slice(0, limit);
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
