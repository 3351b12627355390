import { homedir } from "node:os";
import { ConfigurationTarget, l10n, workspace, type Disposable, type Uri } from "vscode";
import { Problem } from "./problem";

const SECTION = "linewise";

/** A program and the arguments that come before any others. Never empty. */
export type Command = readonly [string, ...string[]];

export interface Variables {
  readonly userHome: string;
  readonly workspaceFolder: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Expand `~` and `${…}`. An unknown variable is left as it is: the error message then shows it. */
export function expand(value: string, variables: Variables): string {
  return value
    .replace(/^~(?=$|[\\/])/, variables.userHome)
    .replace(/\$\{(userHome|workspaceFolder|env:(\w+))\}/g, (whole, name: string, env?: string) => {
      if (env !== undefined) {
        return variables.env[env] ?? whole;
      }
      return (name === "userHome" ? variables.userHome : variables.workspaceFolder) ?? whole;
    });
}

/**
 * Read `linewise.interpreter`: a path, or a program with its first arguments; empty means unset.
 *
 * Anything else is a mistake. Taking it for unset would ask to make an environment nobody wants.
 */
export function parseInterpreter(value: unknown, variables: Variables): Command | undefined {
  const given: unknown[] = Array.isArray(value) ? value : [value ?? ""];
  if (!given.every((part) => typeof part === "string")) {
    throw new Problem(
      l10n.t(
        "The setting linewise.interpreter is {0}. It has to be the path of a Python, or a list of a " +
          "program and its first arguments.",
        JSON.stringify(value),
      ),
      ["openInterpreterSetting"],
    );
  }
  const parts = given
    .filter((part) => part.trim() !== "")
    .map((part) => expand(part.trim(), variables));
  const [program, ...args] = parts;
  return program === undefined ? undefined : [program, ...args];
}

// In an untrusted workspace VS Code itself leaves out what the workspace says about restricted settings.
export function configuredInterpreter(): Command | undefined {
  return parseInterpreter(workspace.getConfiguration(SECTION).get("interpreter"), {
    userHome: homedir(),
    workspaceFolder: workspace.workspaceFolders?.[0]?.uri.fsPath,
    env: process.env,
  });
}

/** Which lines are marked in the gutter. */
export type HeatMapMode = "off" | "risky" | "all";

export function heatMapMode(scope?: Uri): HeatMapMode {
  const value = workspace.getConfiguration(SECTION, scope).get("heatMap");
  return value === "risky" || value === "all" ? value : "off";
}

/** Tell about every change of one setting. */
export function onDidChangeSetting(name: string, listener: () => void): Disposable {
  return workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration(`${SECTION}.${name}`)) {
      listener();
    }
  });
}

/** Write a setting where the choice is already made: in the workspace if it says so, else for the user. */
export async function writeSetting(name: string, value: unknown): Promise<void> {
  const configuration = workspace.getConfiguration(SECTION);
  const target =
    configuration.inspect(name)?.workspaceValue === undefined
      ? ConfigurationTarget.Global
      : ConfigurationTarget.Workspace;
  await configuration.update(name, value, target);
}
