import {
  DecorationRangeBehavior,
  Disposable,
  OverviewRulerLane,
  Range,
  ThemeColor,
  Uri,
  window,
  type Memento,
  type TextEditor,
  type TextEditorDecorationType,
} from "vscode";
import { BANDS, isAtLeast } from "./bands";
import type { Band, ScoredLine } from "./protocol";
import type { ScoredDocuments } from "./scoredDocuments";
import { heatMapMode, onDidChangeSetting, writeSetting, type HeatMapMode } from "./settings";

/** The marks differ in their form as well: nothing is said by colour alone. */
const LOOKS = {
  low: { color: "linewise.riskLow", lane: undefined },
  medium: { color: "linewise.riskMedium", lane: OverviewRulerLane.Center },
  high: { color: "linewise.riskHigh", lane: OverviewRulerLane.Full },
} satisfies Record<Band, { color: string; lane: OverviewRulerLane | undefined }>;

export type Icons = Record<Band, { readonly light: Uri; readonly dark: Uri }>;

/** One, two or three bars; drawn for light and for dark themes. */
export function bandIcons(extension: Uri): Icons {
  const icon = (band: Band, theme: string) =>
    Uri.joinPath(extension, "media", "bands", `${band}-${theme}.svg`);
  const both = (band: Band) => ({ light: icon(band, "light"), dark: icon(band, "dark") });
  return { low: both("low"), medium: both("medium"), high: both("high") };
}

/** Marks the lines of the visible editors in the gutter and in the overview ruler. */
export class HeatMap implements Disposable {
  private readonly types: Record<Band, TextEditorDecorationType>;
  private readonly subscriptions: Disposable[];

  constructor(
    private readonly documents: ScoredDocuments,
    icons: Icons,
  ) {
    const type = (band: Band) => decoration(band, icons);
    this.types = { low: type("low"), medium: type("medium"), high: type("high") };
    this.subscriptions = [
      ...Object.values(this.types),
      documents.onDidChange((uri) => this.render(uri)),
      window.onDidChangeVisibleTextEditors(() => this.render()),
      onDidChangeSetting("heatMap", () => this.render()),
    ];
    this.render();
  }

  dispose(): void {
    Disposable.from(...this.subscriptions).dispose();
  }

  private render(uri?: Uri): void {
    for (const editor of window.visibleTextEditors) {
      if (!uri || editor.document.uri.toString() === uri.toString()) {
        this.paint(editor);
      }
    }
  }

  private paint(editor: TextEditor): void {
    const { uri } = editor.document;
    const mode = heatMapMode(uri);
    const lines = this.documents.get(uri)?.lines ?? [];
    for (const band of BANDS) {
      const marked = lines.filter((each) => each.band === band && isMarked(each, mode));
      editor.setDecorations(
        this.types[band],
        marked.map(({ line }) => new Range(line, 0, line, 0)),
      );
    }
  }
}

export function isMarked({ band, reviewed }: ScoredLine, mode: HeatMapMode): boolean {
  switch (mode) {
    case "off":
      return false;
    case "risky":
      return !reviewed && isAtLeast(band, "medium");
    case "all":
      return !reviewed;
  }
}

const LAST_MODE = "linewise.heatMap";

/** Turn the marks off, or on again as they were. */
export async function toggleHeatMap(memory: Memento): Promise<void> {
  const mode = heatMapMode(window.activeTextEditor?.document.uri);
  if (mode === "off") {
    await writeSetting("heatMap", memory.get<HeatMapMode>(LAST_MODE, "risky"));
  } else {
    await memory.update(LAST_MODE, mode);
    await writeSetting("heatMap", "off");
  }
}

function decoration(band: Band, icons: Icons): TextEditorDecorationType {
  const { color, lane } = LOOKS[band];
  return window.createTextEditorDecorationType({
    isWholeLine: true,
    gutterIconSize: "contain",
    rangeBehavior: DecorationRangeBehavior.ClosedClosed,
    light: { gutterIconPath: icons[band].light },
    dark: { gutterIconPath: icons[band].dark },
    ...(lane !== undefined && {
      overviewRulerColor: new ThemeColor(color),
      overviewRulerLane: lane,
    }),
  });
}
