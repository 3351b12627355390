import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { installModelInUse, modelItem, offerModelInUse } from "../src/models";
import { serverCommands, type ModelInfo } from "../src/protocol";
import { editor, reset } from "./mocks/vscode";
import { answering } from "./servers";

const model: ModelInfo = {
  name: "m",
  description: "d",
  installed: true,
  active: true,
  probe: true,
};

test("a model says whether it can be used", () => {
  assert.deepEqual(modelItem(model), {
    label: "m",
    detail: "d",
    description: "in use, installed",
    model,
  });
  assert.equal(
    modelItem({ ...model, installed: false, active: false, probe: false }).description,
    "not installed, no probe: nothing can be scored with it",
  );
});

describe("a model in use that could not be loaded", () => {
  const ran: (readonly string[])[] = [];
  /** A server that knows these models. */
  const knowing = (...models: ModelInfo[]) =>
    Object.assign(answering({ [serverCommands.listModels]: models }).server, {
      runLinewise: (args: readonly string[]) => Promise.resolve(String(ran.push(args))),
    });
  const missing = { ...model, installed: false };

  beforeEach(() => {
    reset();
    ran.length = 0;
  });

  test("is not offered when it is installed: something else is wrong", async () => {
    await offerModelInUse(knowing(model));
    assert.deepEqual(editor.messages, []);
  });

  test("is installed when that is wanted, and the server then started again", async () => {
    editor.press = "Install Model";
    await offerModelInUse(knowing({ ...model, active: false }, missing));
    assert.match(editor.messages[0]?.text ?? "", /m is not installed/);
    assert.deepEqual(ran, [["models", "pull", "m"]]);
    assert.deepEqual(editor.executed.at(-1), ["linewise.restart"]);
  });

  test("is left alone when nothing is pressed", async () => {
    await offerModelInUse(knowing(missing));
    assert.deepEqual(ran, []);
  });

  test("is installed by the command without another question", async () => {
    await installModelInUse(knowing(missing));
    assert.deepEqual(ran, [["models", "pull", "m"]]);
    await installModelInUse(knowing(model));
    assert.equal(ran.length, 1);
    assert.match(editor.messages.at(-1)?.text ?? "", /m is installed/);
  });
});
