import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { beforeEach, describe, test } from "node:test";
import type { ConfigurationChangeEvent } from "vscode";
import { expand, needsRestart, parseInterpreter, writeModel } from "../src/settings";
import { editor, reset } from "./mocks/vscode";

const variables = {
  userHome: "/home/ada",
  workspaceFolder: "/src/engine",
  env: { VENVS: "/venvs" },
};

beforeEach(reset);

describe("expand", () => {
  const cases: [string, string][] = [
    ["~/bin/python", "/home/ada/bin/python"],
    ["~", "/home/ada"],
    ["~ada/python", "~ada/python"],
    ["${userHome}/p", "/home/ada/p"],
    ["${workspaceFolder}/.venv/bin/python", "/src/engine/.venv/bin/python"],
    ["${env:VENVS}/x/${env:VENVS}", "/venvs/x//venvs"],
    ["${env:MISSING}/x", "${env:MISSING}/x"],
    ["/plain/python", "/plain/python"],
  ];
  for (const [value, expected] of cases) {
    test(value, () => assert.equal(expand(value, variables), expected));
  }
  test("without a workspace its variable stays", () =>
    assert.equal(
      expand("${workspaceFolder}/p", { ...variables, workspaceFolder: undefined }),
      "${workspaceFolder}/p",
    ));
});

test("an interpreter is a path, or a program with its first arguments", () => {
  assert.deepEqual(parseInterpreter(" ~/python ", variables), ["/home/ada/python"]);
  assert.deepEqual(parseInterpreter(["py", "-3.12"], variables), ["py", "-3.12"]);
});

test("an empty interpreter is an unset one", () => {
  for (const value of [undefined, null, "", " ", [], [""], 3]) {
    assert.equal(parseInterpreter(value, variables), undefined);
  }
});

test("only the interpreter needs a restart", () => {
  const change = (changed: string): ConfigurationChangeEvent => ({
    affectsConfiguration: (section) => section === changed,
  });
  assert.equal(needsRestart(change("linewise.interpreter")), true);
  assert.equal(needsRestart(change("linewise.threshold")), false);
  assert.equal(needsRestart(change("linewise.model")), false);
});

test("a model is written for the user, unless the workspace already chose one", async () => {
  await writeModel("a");
  editor.settings.model = { workspaceValue: "b" };
  await writeModel("c");
  assert.deepEqual(editor.updates, [
    ["model", "a", 1],
    ["model", "c", 2],
  ]);
});

describe("the manifest", () => {
  const manifest = JSON.parse(readFileSync("package.json", "utf8")) as {
    contributes: { configuration: { properties: Record<string, { scope?: string }> } };
    capabilities: {
      untrustedWorkspaces: { supported: string; restrictedConfigurations: string[] };
    };
  };

  test("restricts what decides which code runs", () => {
    const { supported, restrictedConfigurations } = manifest.capabilities.untrustedWorkspaces;
    assert.equal(supported, "limited");
    assert.deepEqual(restrictedConfigurations, ["linewise.interpreter", "linewise.model"]);
  });

  test("declares the settings with the section that the server asks for", () => {
    const properties = Object.keys(manifest.contributes.configuration.properties);
    assert.ok(properties.every((name) => name.startsWith("linewise.")));
    assert.equal(
      manifest.contributes.configuration.properties["linewise.interpreter"]?.scope,
      "machine-overridable",
    );
  });
});
