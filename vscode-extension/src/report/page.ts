import { env, l10n } from "vscode";
import { html, type Html } from "../explanation/html";

/** What a page needs of the webview that shows it. */
export interface Frame {
  readonly nonce: string;
  /** The origin of the extension's own files. */
  readonly source: string;
  readonly style: string;
  readonly script: string;
}

/**
 * The server's page in the colours of the theme, with buttons above it.
 *
 * What the page shows of code is escaped by the server, and the policy runs no script but ours.
 */
export function reportPage(frame: Frame, page: string): string {
  const buttons = html`<p class="editor-buttons">${button("refresh", l10n.t("Refresh"))}</p>`;
  return page
    .replace("<head>", (tag) => tag + policy(frame).markup)
    .replace("</head>", (tag) => style(frame).markup + tag)
    .replace("<body>", (tag) => tag + buttons.markup)
    .replace("</body>", (tag) => script(frame).markup + tag);
}

export function waitingPage(frame: Frame): string {
  return message(frame, html`<p role="status">${l10n.t("Reading what was scanned.")}</p>`);
}

/** Nothing was scanned yet, or it is being scanned for the first time. */
export function emptyPage(frame: Frame, scanning: boolean): string {
  return message(
    frame,
    html`<h1>${l10n.t("Nothing was scanned here yet")}</h1>
      <p>
        ${l10n.t(
          "The report says where in the workspace edits will be needed and what these judgements rest on. For that, every Python file is read once; later only what changed is.",
        )}
      </p>
      ${
        scanning
          ? html`<p role="status">
              ${l10n.t("The workspace is being scanned. The report is shown when that is done.")}
            </p>`
          : html`<p>${button("scan", l10n.t("Scan the Workspace"))}</p>`
      }`,
  );
}

export function failurePage(frame: Frame, reason: string): string {
  return message(
    frame,
    html`<h1>${l10n.t("There is no report")}</h1>
      <p role="alert">${reason}</p>
      <p>${button("refresh", l10n.t("Try again"))}</p>`,
  );
}

function message(frame: Frame, body: Html): string {
  return html`<!doctype html>
    <html lang="${env.language}">
      <head>
        ${policy(frame)}
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        ${style(frame)}
      </head>
      <body class="editor-message">
        <main>${body}</main>
        ${script(frame)}
      </body>
    </html>`.markup;
}

function button(name: string, label: string): Html {
  return html`<button data-message="${name}">${label}</button>`;
}

/** Styles of the page itself are let in: its pictures carry theirs in attributes. */
function policy({ nonce, source }: Frame): Html {
  const rules = `default-src 'none'; style-src ${source} 'unsafe-inline'; script-src 'nonce-${nonce}'`;
  return html`<meta http-equiv="Content-Security-Policy" content="${rules}" />`;
}

function style({ style }: Frame): Html {
  return html`<link rel="stylesheet" href="${style}" />`;
}

function script({ nonce, script }: Frame): Html {
  return html`<script nonce="${nonce}" src="${script}"></script>`;
}
