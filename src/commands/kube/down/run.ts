import type { CommandContext } from "../../../shell/context";
import { downKube } from "../../../lib/kube/down";
import { podsOfFile } from "../../../lib/kube/objects";
import { changeInTurn } from "../../shared/crio-note";
import { readKubeFile } from "../../shared/read-kube-file";
import type { command } from "./command";

/** `kpod kube down`: stops and removes the pods of a file, and prints their ids. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const pods = await podsOfFile(await readKubeFile(context, context.args[0]));
  const server = await context.openServer();
  await server.update();
  const byKey = new Map(pods.map((pod) => [`${pod.namespace}/${pod.name}`, pod]));
  return changeInTurn(context, server, "podRemoved", [...byKey.keys()], async (key) => {
    const pod = byKey.get(key);
    return pod === undefined ? "" : (await downKube(server, pod, { force: context.flags.force })).id;
  });
}
