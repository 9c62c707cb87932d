import type { CommandContext } from "../../shell/context";
import { registryAccess, transferProgress } from "../shared/registry-flags";
import type { command } from "./command";

/** `kpod push`: copies an image of the store to a registry, or to whatever else skopeo writes. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const { args, flags } = context;
  const { storageImageServer } = await context.openServer();
  await storageImageServer.pushImage(args[0], args[1], {
    ...(await registryAccess(context, flags)),
    signaturePolicy: flags.signaturePolicy,
    removeSignatures: flags.removeSignatures,
    signBy: flags.signBy,
    progress: transferProgress(context, flags.quiet),
    signal: context.signal(),
  });
  return 0;
}
