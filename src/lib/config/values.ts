import type { Config } from "./config";
import { scanToml } from "./toml-scan";
import type { TomlNode } from "./toml-tree";

/**
 * The values of crio.conf that are in force, each as TOML by its key with the tables that it is in:
 * `crio.runtime.pids_limit`. Keys that kpod does not know are among them.
 */
export function configValues(config: Pick<Config, "toToml">): Record<string, string> {
  const values: Record<string, string> = {};
  collect(scanToml(config.toToml()), "", values);
  return values;
}

function collect(node: TomlNode, path: string, values: Record<string, string>): void {
  const below = path === "" ? "" : `${path}.`;
  if (node.type === "leaf") values[path] = node.text.trim();
  else if (node.type === "table") for (const [key, inner] of node.keys) collect(inner, below + key, values);
  else
    node.tables.forEach((table, index) => {
      collect(table, below + String(index), values);
    });
}
