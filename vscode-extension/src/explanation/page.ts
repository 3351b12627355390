import { env, l10n } from "vscode";
import { codeSection } from "./codeSection";
import type { Explanation } from "./explanation";
import { html, NOTHING, type Html } from "./html";
import { riskSection } from "./riskSection";
import { categoriesSection, heaviestSection, trustSection } from "./sections";

/** What a page needs of the webview that shows it. */
export interface Frame {
  readonly nonce: string;
  /** The origin of the extension's own files. */
  readonly source: string;
  readonly style: string;
  readonly script: string;
}

/** The explanation of a line: what it rests on, and how far the explanation itself can be trusted. */
export function explanationPage(
  frame: Frame,
  explanation: Explanation,
  text: string,
  name: string,
): string {
  const { line, unit } = explanation;
  return page(
    frame,
    html`<p id="stale" role="status" hidden>
        ${l10n.t("The text has changed since.")}
        <button data-message="again">${l10n.t("Explain again")}</button>
      </p>
      <h1>${l10n.t("{0}, line {1}", name, line + 1)}</h1>
      <p class="subtitle">${l10n.t("in {0}", unit)}</p>
      ${explanation.note ? html`<p class="note">${explanation.note}</p>` : NOTHING}
      ${riskSection(explanation)} ${codeSection(explanation, text)} ${heaviestSection(explanation)}
      ${categoriesSection(explanation)} ${trustSection(explanation)}
      <footer>
        ${l10n.t("Method: {0}. Weights in {1}.", explanation.method, explanation.weightUnit)}
      </footer>`,
  );
}

export function waitingPage(frame: Frame, line: number): string {
  return page(
    frame,
    html`<p class="waiting" role="status">
      ${l10n.t("Explaining line {0}. This takes some passes of the model.", line + 1)}
    </p>`,
  );
}

export function failurePage(frame: Frame, line: number, reason: string): string {
  return page(
    frame,
    html`<h1>${l10n.t("Line {0} could not be explained", line + 1)}</h1>
      <p role="alert">${reason}</p>
      <p><button data-message="again">${l10n.t("Try again")}</button></p>`,
  );
}

function page({ nonce, source, style, script }: Frame, body: Html): string {
  const policy = `default-src 'none'; style-src ${source}; script-src 'nonce-${nonce}'`;
  return html`<!doctype html>
    <html lang="${env.language}">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <link rel="stylesheet" href="${style}" />
      </head>
      <body>
        <main>${body}</main>
        <script nonce="${nonce}" src="${script}"></script>
      </body>
    </html>`.markup;
}
