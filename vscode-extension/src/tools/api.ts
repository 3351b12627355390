import * as vscode from "vscode";

/** The part of the editor's interface for language model tools that is used here: VS Code 1.95 brought it. */
export interface ToolsApi {
  registerTool<Input>(name: string, tool: Tool<Input>): vscode.Disposable;
}

export interface Tool<Input> {
  prepareInvocation(options: { readonly input: Input }): { readonly invocationMessage: string };
  invoke(options: { readonly input: Input }, token: vscode.CancellationToken): Promise<unknown>;
}

/** Return the interface where this editor has it. */
export function toolsApi(): ToolsApi | undefined {
  const { lm } = vscode as unknown as { readonly lm?: Partial<ToolsApi> };
  return typeof lm?.registerTool === "function" ? (lm as ToolsApi) : undefined;
}

interface ResultClasses {
  readonly LanguageModelToolResult: new (parts: readonly unknown[]) => unknown;
  readonly LanguageModelTextPart: new (text: string) => unknown;
}

/** What a tool answers with. Only called by an editor that has the interface. */
export function toolResult(content: unknown): unknown {
  const classes = vscode as unknown as ResultClasses;
  const part = new classes.LanguageModelTextPart(JSON.stringify(content));
  return new classes.LanguageModelToolResult([part]);
}
