import type { CommandContext } from "../../shell/context";
import { jsonText } from "../../format/json";
import { explain } from "../../lib/doctor/why/explain";
import type { command } from "./command";
import { explanationJson, explanationText } from "./views";

/** `kpod why`: says why a pod or a container is as it is. 0 where it could tell. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const { args, flags, globals, terminal } = context;
  const explanation = await explain(await context.openServer(), args[0], {
    live: flags.live || globals.root === undefined,
    lines: flags.lines,
    signal: context.signal(),
  });
  terminal.out(
    flags.format === "json" ? jsonText(explanationJson(explanation)) : explanationText(explanation),
  );
  return 0;
}
