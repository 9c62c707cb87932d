import type { CommandContext } from "../../shell/context";
import { forEachInTurn } from "../shared/each";
import { registryAccess, transferProgress } from "../shared/registry-flags";
import type { command } from "./command";

/** `kpod pull`: brings images from registries into the store. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const { flags } = context;
  const { storageImageServer } = await context.openServer();
  const access = await registryAccess(context, flags);
  return forEachInTurn(context, context.args, async (image) => {
    const pulled = await storageImageServer.pullImage(image, {
      ...access,
      signaturePolicy: flags.signaturePolicy,
      allTags: flags.allTags,
      platform: flags.platform,
      policy: flags.policy,
      progress: transferProgress(context, flags.quiet),
      signal: context.signal(),
    });
    return [...new Set(pulled.map(({ id }) => id))].join("\n");
  });
}
