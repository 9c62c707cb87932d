import type { Config } from "../../../lib/config/index";
import { tolerate } from "../../../lib/errors";
import { readNetworks } from "../../../lib/network/networks";
import { isPlainName, type Candidate } from "./candidates";

/** What `--network` takes beside the names of networks. */
const kinds: readonly Candidate[] = [
  { value: "cni", description: "the network that CRI-O takes" },
  { value: "host", description: "the network of the node" },
  { value: "none", description: "no network but loopback" },
];

/** The networks that are configured and begin as a word does. */
export function networkCandidates(config: Config, word: string): Candidate[] {
  return all(config).filter(({ value }) => value.startsWith(word));
}

/** The same for a list with commas between, to which one more is offered. */
export function networkListCandidates(config: Config, word: string): Candidate[] {
  const start = word.lastIndexOf(",") + 1;
  const before = word.slice(0, start);
  const taken = before.split(",");
  return [...all(config), ...(start === 0 ? kinds : [])]
    .filter(({ value }) => !taken.includes(value) && value.startsWith(word.slice(start)))
    .map(({ value, description }) => ({ value: before + value, description }));
}

function all(config: Config): Candidate[] {
  return tolerate([], () => readNetworks(config).networks)
    .filter(({ name }) => isPlainName(name))
    .map(({ name, plugins }) => ({
      value: name,
      description: `network of ${plugins.map(({ type }) => type).join(", ")}`,
    }));
}
