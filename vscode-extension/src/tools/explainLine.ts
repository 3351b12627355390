import { l10n } from "vscode";
import { groupsOf, heaviest } from "../explanation/groups";
import { readExplanation } from "../explanation/read";
import { serverCommands, type LineQuery } from "../protocol";
import { execute } from "../request";
import type { Server } from "../server";
import { toolResult, type Tool } from "./api";
import { fileNamed } from "./files";

export interface ExplainLineInput {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
}

/** Tells an assistant what a line's probability rests on, as `linewise explain --json` does. */
export function explainLineTool(server: Server): Tool<ExplainLineInput> {
  return {
    prepareInvocation: ({ input: { line } }) => ({
      invocationMessage: l10n.t("Explaining line {0}", line),
    }),
    invoke: async ({ input: { file, line } }, token) => {
      const uri = server.address(await fileNamed(file));
      const query: LineQuery = { uri, line: line - 1 };
      return toolResult(
        brief(await execute<object>(server, serverCommands.explainLine, query, token)),
      );
    },
  };
}

const MOST_GROUPS = 8;

/** The server's answer with the code that weighs most in the place of hundreds of tokens. */
export function brief(answer: object): object {
  const groups = heaviest(groupsOf(readExplanation(answer).tokens).values(), MOST_GROUPS);
  return {
    ...answer,
    tokens: undefined,
    predicted: undefined,
    heaviest: groups.map(({ text, line, weight }) => ({
      code: text.trim(),
      line: line + 1,
      weight,
    })),
  };
}
