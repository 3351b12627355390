import { Problem } from "./problem";
import type { Command } from "./settings";

/** Kept equal to `requires-python` of the package. */
export const OLDEST: readonly [number, number] = [3, 11];

export interface Interpreter {
  readonly command: Command;
  readonly version: readonly [number, number];
  readonly hasLinewise: boolean;
}

/** How the package is run: nothing of a workspace can be imported. -I also ignores PYTHONUTF8, hence -X. */
export const LINEWISE = ["-I", "-X", "utf8", "-m", "linewise"] as const;

/** Runs an interpreter with these arguments and returns what it printed. */
export type Ask = (command: Command, args: readonly string[]) => Promise<string>;

// -I: neither the current folder, PYTHON* variables nor the user's site-packages decide what is imported.
const QUESTION = [
  "-I",
  "-c",
  "import importlib.util, json, sys; " +
    "print(json.dumps([sys.version_info[:2], importlib.util.find_spec('linewise') is not None]))",
];

export async function inspect(command: Command, ask: Ask): Promise<Interpreter> {
  const [version, hasLinewise] = JSON.parse(await ask(command, QUESTION)) as [
    [number, number],
    boolean,
  ];
  return { command, version, hasLinewise };
}

export function isRecent([major, minor]: readonly [number, number]): boolean {
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}

/** Check the interpreter that the user chose. There is no fallback: a silent one would hide a typing error. */
export async function checkConfigured(command: Command, ask: Ask): Promise<Command> {
  const shown = command.join(" ");
  let found: Interpreter;
  try {
    found = await inspect(command, ask);
  } catch (error) {
    throw new Problem(
      `The Python of the setting linewise.interpreter cannot be run (${reason(error)}). ` +
        `Correct the setting, or empty it to let Linewise make an environment of its own.`,
      ["openInterpreterSetting"],
    );
  }
  if (!isRecent(found.version)) {
    throw new Problem(
      `Linewise needs Python ${OLDEST.join(".")} or newer; ${shown} is ${found.version.join(".")}. ` +
        `Choose another one in the setting linewise.interpreter.`,
      ["openInterpreterSetting"],
    );
  }
  if (!found.hasLinewise) {
    throw new Problem(
      `The package linewise is not installed in ${shown}. ` +
        `Install it there, or empty the setting linewise.interpreter.`,
      ["openInterpreterSetting"],
    );
  }
  return command;
}

/** Take the first candidate that is recent enough to make an environment with. */
export async function firstRecent(candidates: readonly Command[], ask: Ask): Promise<Command> {
  const refused: string[] = [];
  for (const command of candidates) {
    try {
      const { version } = await inspect(command, ask);
      if (isRecent(version)) {
        return command;
      }
      refused.push(`${command.join(" ")} is ${version.join(".")}`);
    } catch (error) {
      refused.push(reason(error));
    }
  }
  throw new Problem(
    `Linewise needs Python ${OLDEST.join(".")} or newer and found none (${refused.join("; ")}). ` +
      `Install one, or name it in the setting linewise.interpreter.`,
    ["openInterpreterSetting"],
  );
}

/** In the order of trust: what the user selected in the Python extension, then what the system offers. */
export function candidates(selected: string | undefined, platform: NodeJS.Platform): Command[] {
  return [
    ...(selected === undefined ? [] : ([[selected]] satisfies Command[])),
    ["python3"],
    ["python"],
    ...(platform === "win32" ? ([["py", "-3"]] satisfies Command[]) : []),
  ];
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
