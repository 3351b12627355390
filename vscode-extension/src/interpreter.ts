import { l10n } from "vscode";
import { Problem } from "./problem";
import { reasonOf } from "./reason";
import type { Command } from "./settings";

/** Kept equal to `requires-python` of the package. */
export const OLDEST: readonly [number, number] = [3, 11];

/** Minor versions to look for by name, the newest that is known to work first. */
const NEWER = [14, 13, 12, 11];

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
      l10n.t(
        "The Python of the setting linewise.interpreter cannot be run ({0}). " +
          "Correct the setting, or empty it to let Linewise make an environment of its own.",
        reasonOf(error),
      ),
      ["openInterpreterSetting"],
    );
  }
  if (!isRecent(found.version)) {
    throw new Problem(
      l10n.t(
        "Linewise needs Python {0} or newer; {1} is {2}. " +
          "Choose another one in the setting linewise.interpreter.",
        OLDEST.join("."),
        shown,
        found.version.join("."),
      ),
      ["openInterpreterSetting"],
    );
  }
  if (!found.hasLinewise) {
    throw new Problem(
      l10n.t(
        "The package linewise is not installed in {0}. " +
          "Install it there, or empty the setting linewise.interpreter.",
        shown,
      ),
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
      refused.push(l10n.t("{0} is {1}", command.join(" "), version.join(".")));
    } catch (error) {
      refused.push(reasonOf(error));
    }
  }
  throw new Problem(
    l10n.t(
      "Linewise needs Python {0} or newer and found none ({1}). " +
        "Install one, or name a Python that has the package linewise in the setting linewise.interpreter.",
      OLDEST.join("."),
      refused.join("; "),
    ),
    ["openInterpreterSetting"],
  );
}

/** In the order of trust: what the user selected in the Python extension, then what the system offers. */
export function candidates(selected: string | undefined, platform: NodeJS.Platform): Command[] {
  return [
    ...(selected === undefined ? [] : ([[selected]] satisfies Command[])),
    ["python3"],
    ["python"],
    // Beside an older `python3`, distributions install newer ones under their full names.
    ...(platform === "win32" ? [] : NEWER.map((minor): Command => [`python3.${minor}`])),
    ...(platform === "win32" ? ([["py", "-3"]] satisfies Command[]) : []),
  ];
}
