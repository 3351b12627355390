/** The manifest, as the tests read it. */
import { readFileSync } from "node:fs";

export interface Setting {
  readonly default: unknown;
  readonly enum?: readonly string[];
  readonly markdownEnumDescriptions?: readonly string[];
  readonly scope?: string;
  readonly markdownDescription: string;
}

interface Manifest {
  readonly contributes: {
    readonly configuration: { readonly properties: Readonly<Record<string, Setting>> };
    readonly commands: readonly { readonly command: string; readonly title: string }[];
    readonly keybindings: readonly { readonly command: string }[];
    readonly menus: Readonly<Record<string, readonly { readonly command: string }[]>>;
    readonly colors: readonly {
      readonly id: string;
      readonly defaults: Readonly<Record<Theme, string>>;
    }[];
    readonly walkthroughs: readonly {
      readonly id: string;
      readonly steps: readonly {
        readonly id: string;
        readonly description: string;
        readonly media: { readonly svg: string };
        readonly completionEvents?: readonly string[];
      }[];
    }[];
  };
  readonly capabilities: {
    readonly untrustedWorkspaces: {
      readonly supported: string;
      readonly restrictedConfigurations: readonly string[];
    };
    readonly virtualWorkspaces: { readonly supported: boolean };
  };
}

export type Theme = "dark" | "light" | "highContrast" | "highContrastLight";

export const manifestText = readFileSync("package.json", "utf8");
export const manifest = JSON.parse(manifestText) as Manifest;
export const texts = JSON.parse(readFileSync("package.nls.json", "utf8")) as Record<string, string>;
