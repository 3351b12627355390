import { createHash } from "node:crypto";
import { access, mkdir, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { locked } from "./lock";
import type { Command } from "./settings";

const MARKER = "linewise-environment.json";

/** What the extension brings along to install. */
export interface Bundle {
  readonly wheel: string;
  readonly constraints: string;
  /** Of both files: a rebuilt wheel with the same version is another bundle. */
  readonly digest: string;
}

/** Runs one step of making an environment. */
export type Step = (command: Command, args: readonly string[]) => Promise<unknown>;

export async function findBundle(folder: string): Promise<Bundle | undefined> {
  const names = await readdir(folder).catch(() => []);
  const name = names.find((candidate) => /^linewise-.*\.whl$/.test(candidate));
  if (name === undefined) {
    return undefined;
  }
  const [wheel, constraints] = [join(folder, name), join(folder, "constraints.txt")];
  const digest = createHash("sha256")
    .update(await readFile(wheel))
    .update(await readFile(constraints))
    .digest("hex");
  return { wheel, constraints, digest };
}

/**
 * A virtual environment of the extension's own, one folder for each bundle.
 *
 * Another window may still run the server of an older bundle, so an environment is never changed in place.
 */
export class Environment {
  readonly folder: string;
  readonly python: Command;

  constructor(
    private readonly root: string,
    private readonly bundle: Bundle,
    platform: NodeJS.Platform = process.platform,
  ) {
    this.folder = join(root, bundle.digest.slice(0, 12));
    this.python = [
      join(this.folder, ...(platform === "win32" ? ["Scripts", "python.exe"] : ["bin", "python"])),
    ];
  }

  /** Complete, and its base interpreter is still there. */
  async isReady(): Promise<boolean> {
    try {
      const marker = JSON.parse(await readFile(join(this.folder, MARKER), "utf8")) as unknown;
      await access(this.python[0]);
      return (marker as { digest?: unknown }).digest === this.bundle.digest;
    } catch {
      return false;
    }
  }

  /** Make it with the interpreter `base`, unless another window just did. */
  async make(base: Command, step: Step, signal?: AbortSignal): Promise<void> {
    await mkdir(this.root, { recursive: true });
    const work = async () => {
      if (await this.isReady()) {
        return;
      }
      // --clear: what an interrupted attempt left behind goes first.
      await step(base, ["-I", "-m", "venv", "--clear", this.folder]);
      await step(this.python, [
        ...["-I", "-m", "pip", "install", "--disable-pip-version-check", "--no-input"],
        ...["--constraint", this.bundle.constraints, this.bundle.wheel],
      ]);
      // Written last: a folder without it is a half-made environment.
      await writeFile(join(this.folder, MARKER), JSON.stringify({ digest: this.bundle.digest }));
    };
    await locked(`${this.folder}.lock`, work, signal);
    await this.removeOld();
  }

  /** Keep the one before as well: a window that was not reloaded yet may run it. */
  private async removeOld(): Promise<void> {
    const entries = await readdir(this.root, { withFileTypes: true });
    const others = entries
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => join(this.root, name))
      .filter((folder) => folder !== this.folder);
    const dated = await Promise.all(
      others.map(async (folder) => ({ folder, made: (await stat(folder)).birthtimeMs })),
    );
    const old = dated.sort((a, b) => b.made - a.made).slice(1);
    await Promise.allSettled(old.map(({ folder }) => rm(folder, { recursive: true, force: true })));
  }
}
