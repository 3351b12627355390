import { extensions, workspace, type Uri } from "vscode";
import { log } from "./logging";

/** The part of the Python extension's interface that is used here. */
interface PythonExtension {
  readonly environments: {
    getActiveEnvironmentPath(): { readonly path: string };
    resolveEnvironment(
      environment: object,
    ): Promise<{ readonly executable: { readonly uri?: Uri } } | undefined>;
  };
}

/**
 * Return the interpreter that is selected in the Python extension, if that extension is there.
 *
 * It may lie inside the workspace (`.venv/bin/python`), so it is not looked at before the workspace is trusted.
 */
export async function selectedInterpreter(): Promise<string | undefined> {
  const extension = extensions.getExtension<PythonExtension>("ms-python.python");
  if (!extension || !workspace.isTrusted) {
    return undefined;
  }
  try {
    const { environments } = await extension.activate();
    const environment = await environments.resolveEnvironment(
      environments.getActiveEnvironmentPath(),
    );
    return environment?.executable.uri?.fsPath;
  } catch (error) {
    log().warn("The Python extension did not answer:", error);
    return undefined;
  }
}
