import type { CommandContext } from "../../../shell/context";
import { oneLine } from "../../../format/escape";
import { jsonText } from "../../../format/json";
import { checkNetworks, type NetworkProblem } from "../../../lib/operations/network-check";
import type { command } from "./command";

/** `kpod network check`: finds what is wrong with networks. @returns 1 where something is */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const { args, flags, terminal } = context;
  const server = await context.openServer();
  const found: NetworkProblem[] = [];
  const tell = (problem: NetworkProblem): void => {
    found.push(problem);
    if (flags.format !== "json") terminal.out(`${lineOf(problem)}\n`);
  };
  await checkNetworks(server, args, tell, context.signal());
  if (flags.format === "json") terminal.out(jsonText(found));
  return found.length > 0 ? 1 : 0;
}

function lineOf({ network, pod, problem }: NetworkProblem): string {
  const who = pod === "" ? "" : `pod ${pod}: `;
  // What a plugin says names its network itself.
  const where = network === "" || problem.includes(`network ${network}`) ? "" : `network ${network}: `;
  return oneLine(`${who}${where}${problem}`);
}
