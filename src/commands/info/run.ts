import type { CommandContext } from "../../shell/context";
import { version } from "../../shell/version";
import { jsonText } from "../../format/json";
import { yamlText } from "../../format/yaml";
import { KpodError } from "../../lib/errors";
import { nodeInfo, nodeInfoWithoutStore, type NodeInfo } from "../../lib/operations/info";
import { templateView } from "../shared/template-view";
import { openTemplate, readFormat } from "../shared/output-format";
import type { command } from "./command";

type Context = CommandContext<typeof command>;

/** What is shown: with `--debug` also of kpod, under the keys of kpod 1.0, which was written in Go. */
type ShownInfo = NodeInfo & { readonly debug?: Readonly<Record<string, string>> };

/** `kpod info`: shows what is in force on this node, and where it comes from. A store that cannot be read is told in it. */
export async function run(context: Context): Promise<number> {
  const { debug, format } = context.flags;
  const show = await openOutput(format);
  const info = await lookedUp(context);
  context.terminal.out(show(debug ? { ...info, debug: debugInfo() } : info));
  return 0;
}

async function lookedUp(context: Context): Promise<NodeInfo> {
  let server;
  try {
    server = await context.openServer();
  } catch (error) {
    if (!(error instanceof KpodError) || error.code !== "UNSUPPORTED") throw error;
    return nodeInfoWithoutStore(await context.loadConfig(), error);
  }
  return nodeInfo(server);
}

async function openOutput(flag: string | undefined): Promise<(info: ShownInfo) => string> {
  const format = readFormat(flag);
  if (format === "json") return jsonText;
  if (format === "table") return yamlText;
  const template = await openTemplate(format.template, { name: "info", dataType: "info" });
  return (info) => `${template.execute(templateView(info))}\n`;
}

function debugInfo(): Readonly<Record<string, string>> {
  const { bun, node } = process.versions;
  const [engine, engineVersion] = bun === undefined ? ["node", node] : ["bun", bun];
  return {
    compiler: engine,
    "git commit": "",
    "go version": `${engine} ${engineVersion}`,
    "kpod version": version,
  };
}
