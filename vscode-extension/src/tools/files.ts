import { l10n, Uri, workspace } from "vscode";

/**
 * Find the file an assistant speaks of: an address, an absolute path, or a path in an open folder.
 *
 * An assistant may have been told by a text what to ask for. Files that are neither open nor in an
 * open folder are none of its business.
 */
export async function fileNamed(name: string): Promise<Uri> {
  for (const uri of placesOf(name)) {
    const open = workspace.textDocuments.some((each) => each.uri.toString() === uri.toString());
    if (open || (workspace.getWorkspaceFolder(uri) && (await exists(uri)))) {
      return uri;
    }
  }
  throw new Error(l10n.t("There is no file {0} in the open folders.", name));
}

function placesOf(name: string): Uri[] {
  if (/^[a-z][a-z\d+.-]+:/.test(name)) {
    return [Uri.parse(name)];
  }
  if (/^([\\/]|[A-Za-z]:[\\/])/.test(name)) {
    return [Uri.file(name)];
  }
  return (workspace.workspaceFolders ?? []).map(({ uri }) => Uri.joinPath(uri, name));
}

async function exists(uri: Uri): Promise<boolean> {
  try {
    await workspace.fs.stat(uri);
    return true;
  } catch {
    return false;
  }
}
