import { basename } from "node:path";
import { escapeControl } from "../../../format/escape";
import type { NetworkRow, SubnetUse } from "../../../lib/operations/networks";

export const columns = ["NAME", "STATUS", "CNI", "PLUGINS", "SUBNETS", "USED", "FREE", "NOTE"] as const;

/** Headings of `table …` that are not the field's name in words. */
export const headings: Readonly<Record<string, string>> = { CNI: "CNI" };

/** Above, nobody counts: the subnets of IPv6 have more addresses than there are grains of sand. */
const countable = 1e9;

/** A network, for templates. */
export interface TemplateNetwork {
  readonly Name: string;
  readonly Status: string;
  readonly CNI: string;
  readonly Plugins: string;
  readonly Subnets: string;
  readonly Used: string;
  readonly Free: string;
  readonly File: string;
  readonly Why: string;
}

export function templateNetwork(network: NetworkRow): TemplateNetwork {
  const { name, status, why, cniVersion, plugins, subnets, file } = network;
  const each = (text: (use: SubnetUse) => string): string => escapeControl(subnets.map(text).join(","));
  return {
    Name: escapeControl(name),
    Status: status,
    CNI: cniVersion,
    Plugins: escapeControl(plugins.join(",")),
    Subnets: each(({ subnet }) => subnet),
    Used: each(({ used }) => String(used)),
    Free: each(({ free }) => (free > countable ? "many" : String(free))),
    File: escapeControl(file),
    Why: escapeControl(why),
  };
}

/** The cells of a line. What is wrong with a file that is passed over stands beside its name. */
export function networkCells(network: NetworkRow): string[] {
  const { Name, Status, CNI, Plugins, Subnets, Used, Free, Why } = templateNetwork(network);
  const file = basename(network.file);
  const shown = (text: string): string => (text === "" ? "--" : text);
  const note = network.status === "passed over" ? `${file}: ${Why}` : Why;
  return [shown(Name), Status, ...[CNI, Plugins, Subnets, Used, Free].map(shown), note];
}
