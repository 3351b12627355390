import { join } from "node:path";
import { l10n, type ExtensionContext } from "vscode";
import { Environment, findBundle, type Step } from "./environment";
import { candidates, checkConfigured, firstRecent, type Ask } from "./interpreter";
import { Problem } from "./problem";
import { run } from "./process";
import { showProgress } from "./progress";
import { selectedInterpreter } from "./pythonExtension";
import { reasonOf } from "./reason";
import { configuredInterpreter, type Command } from "./settings";

const CONSENT = "linewise.mayCreateEnvironment";
const PATIENCE_MS = 30_000;

/** Finds the Python that runs the server: the configured one, or one of the extension's own. */
export class Setup {
  constructor(
    private readonly context: ExtensionContext,
    private readonly storage: string,
  ) {}

  allowEnvironment(): Thenable<void> {
    return this.context.globalState.update(CONSENT, true);
  }

  async findPython(): Promise<Command> {
    const ask: Ask = (command, args) =>
      run(command, args, { cwd: this.storage, signal: AbortSignal.timeout(PATIENCE_MS) });
    const configured = configuredInterpreter();
    return configured ? checkConfigured(configured, ask) : this.ownEnvironment(ask);
  }

  private async ownEnvironment(ask: Ask): Promise<Command> {
    const bundle = await findBundle(join(this.context.extensionPath, "bundled"));
    if (!bundle) {
      throw new Problem(
        l10n.t(
          "This build of the extension brings no server. Name a Python that has the package linewise " +
            "in the setting linewise.interpreter.",
        ),
        ["openInterpreterSetting"],
      );
    }
    const environment = new Environment(join(this.storage, "environments"), bundle);
    if (!(await environment.isReady())) {
      // Not awaited here: a question nobody answers must not hold up a restart.
      if (!this.context.globalState.get<boolean>(CONSENT)) {
        throw new Problem(
          l10n.t(
            "Linewise needs a Python environment of its own, in this extension's storage folder. " +
              "May it make one now? pip downloads the packages, which take 2 GB or more.",
          ),
          ["createEnvironment", "openInterpreterSetting"],
          "question",
        );
      }
      const base = await firstRecent(
        candidates(await selectedInterpreter(), process.platform),
        ask,
      );
      await this.makeEnvironment(environment, base);
    }
    return environment.python;
  }

  private makeEnvironment(environment: Environment, base: Command): Thenable<void> {
    return showProgress(l10n.t("Linewise: making its Python environment"), async (watched) => {
      try {
        const step: Step = (command, args) => run(command, args, { cwd: this.storage, ...watched });
        await environment.make(base, step, watched.signal);
      } catch (error) {
        throw new Problem(
          watched.signal.aborted
            ? l10n.t("The Python environment is not complete, because making it was cancelled.")
            : l10n.t(
                "The Python environment could not be made: {0}. If there was no connection to the " +
                  "package index, try again when there is one.",
                reasonOf(error),
              ),
          ["createEnvironment", "showLog"],
        );
      }
    });
  }
}
