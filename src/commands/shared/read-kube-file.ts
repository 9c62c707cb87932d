import { fileError } from "../../lib/errors";
import type { KubeFile } from "../../lib/kube/objects";
import { longestYaml } from "../../lib/kube/yaml";
import { readRegularText } from "../../lib/system/files";
import type { BaseContext } from "../../shell/context";
import { readAllInput } from "../../shell/input";

/** Reads a file of Kubernetes, or for `-` what comes on standard input. @throws KpodError */
export async function readKubeFile(context: BaseContext, path: string): Promise<KubeFile> {
  if (path === "-") return { name: "standard input", text: await readAllInput(context, longestYaml) };
  try {
    return { name: path, text: readRegularText(path, longestYaml) };
  } catch (error) {
    throw fileError(`cannot read ${path}`, error);
  }
}
