import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { Uri } from "vscode";
import { serverCommands } from "../src/protocol";
import { reportPage } from "../src/report/page";
import { ReportPanel } from "../src/report/panel";
import { editor, reset } from "./mocks/vscode";
import { answering } from "./servers";

const PAGE =
  "<!doctype html>\n<html><head><style>b{}</style></head><body><main>$& of <b>it</b></main></body></html>";
const FOLDER = { uri: Uri.file("/src/project") };
const NOTHING = { root: "file:///src", html: null, message: "nothing was scanned" };
const SCANNED = { root: "file:///src", html: PAGE, message: null };
const settled = () => new Promise(setImmediate);

/** A panel whose server answers with these, one after the other, the last of them for ever. */
function panelOf(...results: unknown[]) {
  const answers = {
    get [serverCommands.report]() {
      return results.length > 1 ? results.shift() : results[0];
    },
    [serverCommands.scan]: { folders: [] },
  };
  const servers = answering(answers);
  const panel = new ReportPanel(Uri.file("/extension"), servers.server);
  const shown = () => editor.panels[0]?.webview.html ?? "";
  return { ...servers, panel, shown };
}

beforeEach(() => {
  reset();
  editor.workspaceFolders = [FOLDER];
});

describe("the page", () => {
  const frame = {
    nonce: "n0",
    source: "https://extension",
    style: "report.css",
    script: "report.js",
  };
  const page = reportPage(frame, PAGE);

  test("lets no script in but ours, and nothing else from anywhere", () => {
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1];
    assert.equal(
      policy,
      "default-src &#39;none&#39;; style-src https://extension &#39;unsafe-inline&#39;; script-src &#39;nonce-n0&#39;",
    );
    assert.ok(page.indexOf("Content-Security-Policy") < page.indexOf("<style>"));
    assert.deepEqual(page.match(/<script[^>]*>/g), [`<script nonce="n0" src="report.js">`]);
  });
  test("is the server's, with our style behind its own", () => {
    assert.ok(page.indexOf("report.css") > page.indexOf("</style>"));
    assert.ok(page.includes("<main>$& of <b>it</b></main>"));
    assert.match(page, /<button data-message="refresh">Refresh<\/button>/);
  });
});

describe("the panel", () => {
  test("says that it is at work, then shows the report of the folder", async () => {
    const { panel, asked, shown } = panelOf(SCANNED);
    await panel.show();
    assert.match(editor.panels[0]?.pages[0] ?? "", /Reading what was scanned/);
    assert.match(shown(), /of <b>it<\/b>/);
    assert.deepEqual(asked[0]?.arguments, [{ uri: "file:///src/project" }]);
    const { localResourceRoots } = editor.panels[0]?.options as { localResourceRoots: Uri[] };
    assert.deepEqual(
      localResourceRoots.map(({ path }) => path),
      ["/extension/media/report"],
    );
  });

  test("opens a place of the page beside it", async () => {
    const { panel } = panelOf(SCANNED);
    await panel.show();
    editor.panels[0]?.say({ message: "open", path: "project/a.py", line: 3 });
    await settled();
    const [uri, { selection }] = editor.shown[0] as [Uri, { selection: { start: object } }];
    assert.equal(uri.path, "/src/project/a.py");
    assert.deepEqual({ ...selection.start }, { line: 2, character: 0 });
  });

  test("reads it again when asked to", async () => {
    const { panel, asked, shown } = panelOf(SCANNED, {
      ...SCANNED,
      html: PAGE.replace("it", "new"),
    });
    await panel.show();
    editor.panels[0]?.say({ message: "refresh" });
    await settled();
    assert.equal(asked.length, 2);
    assert.match(shown(), /<b>new<\/b>/);
  });

  test("offers a scan where nothing was scanned, and shows what came of it", async () => {
    const { panel, asked, shown, scanEnded } = panelOf(NOTHING, SCANNED);
    await panel.show();
    assert.match(shown(), /Nothing was scanned here yet/);
    assert.match(shown(), /<button data-message="scan">/);
    editor.panels[0]?.say({ message: "scan" });
    await settled();
    assert.equal(asked[1]?.command, serverCommands.scan);
    assert.match(shown(), /is being scanned/);
    scanEnded();
    await settled();
    assert.match(shown(), /of <b>it<\/b>/);
    // From now on it is refreshed on demand: whoever reads it would lose the place.
    scanEnded();
    await settled();
    assert.equal(asked.length, 3);
  });

  test("shows why there is none, and tries again when asked to", async () => {
    const { panel, shown } = panelOf(new Error("no folder is <open>"), SCANNED);
    await panel.show();
    assert.match(shown(), /There is no report/);
    assert.match(shown(), /no folder is &lt;open&gt;/);
    editor.panels[0]?.say({ message: "refresh" });
    await settled();
    assert.match(shown(), /of <b>it<\/b>/);
  });

  test("saves a table where the user wants it, or nowhere", async () => {
    const { panel } = panelOf(SCANNED);
    await panel.show();
    const data = `data:text/csv;base64,${Buffer.from("a,b\n").toString("base64")}`;
    const save = async () => {
      editor.panels[0]?.say({ message: "save", name: "files.csv", data });
      await settled();
    };
    await save();
    assert.deepEqual(editor.files, {});
    editor.saveTo = Uri.file("/src/files.csv");
    await save();
    assert.deepEqual(editor.files, { "/src/files.csv": "a,b\n" });
  });

  test("is about the folder of the editor in front, else about the one that is picked", async () => {
    const other = { uri: Uri.file("/src/other") };
    editor.workspaceFolders = [FOLDER, other];
    const { panel, asked } = panelOf(SCANNED);
    await panel.show();
    editor.activeTextEditor = { document: { uri: Uri.file("/src/project/a.py") } };
    await panel.show();
    assert.deepEqual(
      asked.map((each) => each.arguments),
      [[{ uri: "file:///src/other" }], [{ uri: "file:///src/project" }]],
    );
    assert.equal(editor.panels.length, 1);
  });

  test("is not opened without a folder", async () => {
    editor.workspaceFolders = [];
    const { panel } = panelOf(SCANNED);
    await panel.show();
    assert.equal(editor.panels.length, 0);
    assert.match(editor.messages[0]?.text ?? "", /open a folder/);
  });

  test("opens anew after it was closed", async () => {
    const { panel, scanEnded, asked } = panelOf(NOTHING, SCANNED);
    await panel.show();
    editor.panels[0]?.dispose();
    scanEnded();
    assert.equal(asked.length, 1);
    await panel.show();
    assert.equal(editor.panels.length, 2);
    panel.dispose();
  });
});
