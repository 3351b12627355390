import { commands, window } from "vscode";
import { log } from "./logging";
import { showProgress } from "./progress";
import { listModels, type ModelInfo } from "./protocol";
import { ask } from "./request";
import type { Server } from "./server";
import { writeModel } from "./settings";

export async function selectModel(server: Server): Promise<void> {
  const models = await knownModels(server);
  const choice = await window.showQuickPick(models.map(modelItem), {
    title: "Linewise: Select Model",
    placeHolder: "The language model that reads the code",
    matchOnDescription: true,
  });
  if (choice) {
    await writeModel(choice.label);
    await offerMissing(server, choice.model);
  }
}

/** The model in use could not be loaded. If that is because it was never installed, offer to do it. */
export async function offerModelInUse(server: Server): Promise<void> {
  const model = (await knownModels(server)).find(({ active }) => active);
  if (model) {
    await offerMissing(server, model);
  }
}

export function modelItem(model: ModelInfo) {
  const facts = [
    model.active && "in use",
    model.installed ? "installed" : "not installed",
    !model.probe && "no probe: nothing can be scored with it",
  ];
  return {
    label: model.name,
    description: facts.filter(Boolean).join(", "),
    detail: model.description,
    model,
  };
}

async function knownModels(server: Server): Promise<ModelInfo[]> {
  return (await ask<ModelInfo[]>(server, "asking for the models", listModels)) ?? [];
}

async function offerMissing(server: Server, { name, installed }: ModelInfo): Promise<void> {
  if (installed) {
    return;
  }
  const install = "Install Model";
  const pressed = await window.showInformationMessage(
    `The model ${name} is not installed. Download and convert it now? This is done once and takes minutes.`,
    install,
  );
  if (pressed === install) {
    await pull(server, name);
  }
}

async function pull(server: Server, name: string): Promise<void> {
  await showProgress(`Linewise: installing ${name}`, async (watched) => {
    try {
      await server.runLinewise(["models", "pull", name], watched);
      await commands.executeCommand("linewise.restart");
    } catch (error) {
      if (!watched.signal.aborted) {
        log().error(String(error));
        void window.showErrorMessage(`Linewise: ${name} could not be installed: the log says why.`);
      }
    }
  });
}
