import { commands, l10n, window } from "vscode";
import { log } from "./logging";
import { showProgress } from "./progress";
import { serverCommands, type ModelInfo } from "./protocol";
import { ask } from "./request";
import type { Server } from "./server";
import { writeSetting } from "./settings";

export async function selectModel(server: Server): Promise<void> {
  const models = await knownModels(server);
  const choice = await window.showQuickPick(models.map(modelItem), {
    title: l10n.t("Linewise: Select Model"),
    placeHolder: l10n.t("The language model that reads the code"),
    matchOnDescription: true,
  });
  if (choice) {
    await writeSetting("model", choice.label);
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

/** Install the model in use; the walkthrough's button is the consent. */
export async function installModelInUse(server: Server): Promise<void> {
  const model = (await knownModels(server)).find(({ active }) => active);
  if (model?.installed) {
    void window.showInformationMessage(l10n.t("The model {0} is installed.", model.name));
  } else if (model) {
    await pull(server, model.name);
  }
}

export function modelItem(model: ModelInfo) {
  const facts = [
    model.active && l10n.t("in use"),
    model.installed ? l10n.t("installed") : l10n.t("not installed"),
    !model.probe && l10n.t("no probe: nothing can be scored with it"),
  ];
  return {
    label: model.name,
    description: facts.filter(Boolean).join(", "),
    detail: model.description,
    model,
  };
}

async function knownModels(server: Server): Promise<ModelInfo[]> {
  return (
    (await ask<ModelInfo[]>(server, l10n.t("asking for the models"), serverCommands.listModels)) ??
    []
  );
}

async function offerMissing(server: Server, { name, installed }: ModelInfo): Promise<void> {
  if (installed) {
    return;
  }
  const install = l10n.t("Install Model");
  const pressed = await window.showInformationMessage(
    l10n.t(
      "The model {0} is not installed. Download and convert it now? This is done once and takes minutes.",
      name,
    ),
    install,
  );
  if (pressed === install) {
    await pull(server, name);
  }
}

async function pull(server: Server, name: string): Promise<void> {
  await showProgress(l10n.t("Linewise: installing {0}", name), async (watched) => {
    try {
      await server.runLinewise(["models", "pull", name], watched);
      await commands.executeCommand("linewise.restart");
    } catch (error) {
      if (!watched.signal.aborted) {
        log().error(String(error));
        void window.showErrorMessage(
          l10n.t("Linewise: {0} could not be installed: the log says why.", name),
        );
      }
    }
  });
}
