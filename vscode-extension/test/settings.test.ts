import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import {
  expand,
  heatMapMode,
  onDidChangeSetting,
  parseInterpreter,
  writeSetting,
} from "../src/settings";
import type { Problem } from "../src/problem";
import { editor, fireConfiguration, reset } from "./mocks/vscode";

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
  for (const value of [undefined, null, "", " ", [], [""]]) {
    assert.equal(parseInterpreter(value, variables), undefined);
  }
});

test("an interpreter of the wrong type is named, with what it has to be", () => {
  for (const value of [3, {}, true, ["python3", 3], [["python3"]]]) {
    assert.throws(
      () => parseInterpreter(value, variables),
      (error: Problem) =>
        error.message.includes(`interpreter is ${JSON.stringify(value)}.`) &&
        error.remedies.includes("openInterpreterSetting"),
    );
  }
});

test("a listener hears of its setting only", () => {
  let heard = 0;
  onDidChangeSetting("interpreter", () => heard++);
  fireConfiguration("linewise.model");
  fireConfiguration("linewise.interpreter");
  assert.equal(heard, 1);
});

test("a setting is written for the user, unless the workspace already chose", async () => {
  await writeSetting("model", "a");
  editor.settings.model = { workspaceValue: "b" };
  await writeSetting("model", "c");
  assert.deepEqual(editor.updates, [
    ["model", "a", 1],
    ["model", "c", 2],
  ]);
});

test("a heat map of an unknown kind is none", () => {
  for (const [value, mode] of [
    ["all", "all"],
    ["risky", "risky"],
    ["off", "off"],
    ["loud", "off"],
    [undefined, "off"],
  ]) {
    editor.settings.heatMap = { value };
    assert.equal(heatMapMode(), mode);
  }
});
