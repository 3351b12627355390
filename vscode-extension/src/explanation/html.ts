/** Markup that is known to be safe. Anything else that goes into a page is escaped. */
export class Html {
  constructor(readonly markup: string) {}
}

type Value = Html | string | number | readonly Html[];

const ESCAPES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Write a page: `html\`<b>${text}</b>\`` escapes the text, unless it is markup itself. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  return new Html(parts.reduce((page, part, index) => page + markup(values[index - 1]) + part));
}

function markup(value: Value | undefined): string {
  if (value instanceof Html) {
    return value.markup;
  }
  if (typeof value === "object") {
    return value.map((each) => each.markup).join("");
  }
  return String(value).replace(/[&<>"']/g, (sign) => ESCAPES[sign] ?? sign);
}

export const NOTHING = new Html("");
