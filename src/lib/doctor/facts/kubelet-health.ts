import { httpGet } from "../../system/http-get";
import type { Facts } from "../facts";
import type { Evidence } from "../finding";
import { kubelet } from "./kubelet";

/** Milliseconds after which a kubelet that takes connections hangs. */
const patience = 5_000;

/** Where the kubelet says of itself whether it is well, unless it is told otherwise. */
const usualAddress = "127.0.0.1";
const usualPort = "10248";

/** A kubelet that says that it is not well, or says nothing. */
export interface SickKubelet {
  readonly pid: number;
  /** Where it was asked. */
  readonly url: string;
  readonly evidence: Evidence;
}

/** Asks the kubelet of this CRI-O how it is; undefined where it is well, or where nobody takes the question. */
export async function sickKubelet(facts: Facts): Promise<SickKubelet | undefined> {
  const found = facts.get(kubelet);
  if (found === undefined) return undefined;
  const port = Number(found.setting("healthzPort") ?? usualPort);
  // With 0 it takes no such questions.
  if (!(port > 0 && port < 65_536)) return undefined;
  const address = found.setting("healthzBindAddress") ?? usualAddress;
  const host = /^(?:0\.0\.0\.0|::)$/.test(address) ? usualAddress : address;
  const answer = await httpGet({ host, port }, "/healthz", patience);
  if (answer === "nobody" || (answer !== "silent" && answer.status === 200)) return undefined;
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${port}/healthz`;
  const says =
    answer === "silent"
      ? `took a connection, and said nothing in ${patience / 1000} s`
      : `answers ${answer.status}${failuresIn(answer.text)}`;
  return { pid: found.pid, url, evidence: { file: url, says } };
}

/** Of its list of what it has looked at, what has failed. */
function failuresIn(text: string): string {
  const failed = text.split("\n").filter((line) => line.startsWith("[-]"));
  return failed.length === 0 ? "" : `: ${failed.join(", ").slice(0, 200)}`;
}
