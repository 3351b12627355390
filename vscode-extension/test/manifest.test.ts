import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { manifest, manifestText, texts } from "./manifest";

const { contributes, capabilities } = manifest;
const { properties } = contributes.configuration;
const commands = contributes.commands.map(({ command }) => command);

/** The rows of the tables of a document whose first cell is code: that, and the second cell. */
function tableRows(path: string): Map<string, string> {
  const rows = readFileSync(path, "utf8").matchAll(/^\| *`([^`]+)` *\| *(.*?) *\|/gm);
  return new Map([...rows].map(([, name, second]) => [name ?? "", second ?? ""]));
}

/** A default as the tables write it. */
function written(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

describe("workspaces", () => {
  test("that are not trusted do not decide which code runs", () => {
    const { supported, restrictedConfigurations } = capabilities.untrustedWorkspaces;
    assert.equal(supported, "limited");
    assert.deepEqual(restrictedConfigurations, ["linewise.interpreter", "linewise.model"]);
    assert.equal(properties["linewise.interpreter"]?.scope, "machine-overridable");
  });
  test("that are virtual are not supported", () =>
    assert.equal(capabilities.virtualWorkspaces.supported, false));
});

describe("texts", () => {
  test("of the manifest are all in package.nls.json, and no others", () => {
    const used = [...manifestText.matchAll(/"%([^%"]+)%"/g)].map(([, key]) => key);
    assert.deepEqual([...new Set(used)].sort(), Object.keys(texts).sort());
  });

  test("of the sources are in the bundle for translators: npm run l10n", async () => {
    const { textsOf } = (await import(`${process.cwd()}/scripts/texts.mjs`)) as {
      textsOf: (folder: string) => Record<string, string>;
    };
    const bundle = JSON.parse(readFileSync("l10n/bundle.l10n.json", "utf8")) as unknown;
    assert.deepEqual(bundle, textsOf("src"));
  });
});

describe("settings", () => {
  test("belong to the section that the server asks for, and describe each choice", () => {
    for (const [name, setting] of Object.entries(properties)) {
      assert.match(name, /^linewise\./);
      assert.match(setting.markdownDescription, /^%setting\./);
      assert.equal(setting.enum?.length, setting.markdownEnumDescriptions?.length, name);
      if (setting.enum) {
        assert.ok(setting.enum.includes(setting.default as string), name);
      }
    }
  });

  test("are the ones of the README, with the same defaults", () => {
    const rows = tableRows("README.md");
    for (const [name, setting] of Object.entries(properties)) {
      assert.equal(rows.get(name)?.replaceAll("`", ""), written(setting.default), name);
    }
  });

  test("that the server reads are the ones of its documentation, with the same defaults", () => {
    const ours = new Set(["linewise.interpreter", "linewise.heatMap", "linewise.trace.server"]);
    const rows = [...tableRows("../docs/lsp.md")].filter(([name]) => /^linewise\.\w+$/.test(name));
    const documented = rows.map(([name, value]) => [name, value.replaceAll("`", "")]);
    const declared = Object.entries(properties)
      .filter(([name]) => !ours.has(name))
      .map(([name, setting]) => [name, written(setting.default)]);
    assert.deepEqual(Object.fromEntries(documented), Object.fromEntries(declared));
  });
});

describe("commands", () => {
  test("in menus, keys and walkthroughs exist", () => {
    const used = [...Object.values(contributes.menus).flat(), ...contributes.keybindings].map(
      ({ command }) => command,
    );
    const linked = Object.values(texts).flatMap((text) =>
      [...text.matchAll(/\(command:(linewise\.\w+)\)/g)].map(([, command]) => command ?? ""),
    );
    for (const command of [...used, ...linked]) {
      assert.ok(commands.includes(command), command);
    }
  });

  test("are explained in the README", () => {
    const readme = readFileSync("README.md", "utf8");
    for (const { title } of contributes.commands) {
      const text = texts[title.replaceAll("%", "")] ?? "";
      assert.ok(readme.includes(`Linewise: ${text}`), text);
    }
  });
});

test("a walkthrough's pictures are there, and follow the theme", () => {
  for (const { media } of contributes.walkthroughs.flatMap(({ steps }) => steps)) {
    assert.ok(existsSync(media.svg), media.svg);
    assert.doesNotMatch(readFileSync(media.svg, "utf8"), /#[0-9a-f]{3,6}\b|rgb\(/i);
  }
});
