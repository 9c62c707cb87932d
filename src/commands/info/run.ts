import type { CommandContext } from "../../shell/context";
import { escapeControl } from "../../format/escape";
import { jsonText } from "../../format/json";
import { humanSize } from "../../format/units";
import { nodeInfo, type NodeInfo } from "../../lib/operations/info";
import { templateView } from "../shared/template-view";
import { openTemplate, readFormat } from "../shared/output-format";
import type { command } from "./command";

/** `kpod info`: shows what is in force on this node, and where it comes from. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const show = await openOutput(context.flags.format);
  context.terminal.out(show(await nodeInfo(await context.openServer())));
  return 0;
}

async function openOutput(flag: string | undefined): Promise<(info: NodeInfo) => string> {
  const format = readFormat(flag);
  if (format === "json") return jsonText;
  if (format === "table") return infoText;
  const template = await openTemplate(format.template, { name: "info", dataType: "info" });
  return (info) => `${template.execute(templateView(info))}\n`;
}

function infoText({ host, store, runtimes, crioVersion, crioVersionSource, config }: NodeInfo): string {
  const { containers, pods } = store;
  const sections: [string, [string, string][]][] = [
    [
      "Node",
      [
        ["Name", host.hostname],
        ["Kernel", `${host.kernel} (${host.architecture})`],
        ["CPUs", String(host.cpus)],
        ["Memory", humanSize(host.memory)],
        ["Cgroups", `${host.cgroupVersion}, manager ${host.cgroupManager}`],
        ["CRI-O", crioVersion === "" ? crioVersionSource : `${crioVersion}, from ${crioVersionSource}`],
      ],
    ],
    [
      "Store",
      [
        ["Root", store.exists ? store.root : `${store.root} (does not exist)`],
        ["Run root", store.runRoot],
        ["Driver", [store.driver, ...store.options].join(" ")],
        [
          "Containers",
          `${containers.total}: ${containers.running} running, ${containers.paused} paused, ` +
            `${containers.creating} creating, ${containers.created} created, ${containers.stopped} stopped, ${containers.unknown} unknown`,
        ],
        ["Pods", `${pods.total}: ${pods.ready} ready`],
        ["Images", store.images === null ? "cannot be told" : String(store.images)],
      ],
    ],
    [
      "Runtimes",
      runtimes.map(({ name, path, root, version, default: standard }) => [
        standard ? `${name} (default)` : name,
        [
          path,
          version === "" ? "does not answer" : version,
          ...(root === "" ? [] : [`state in ${root}`]),
        ].join(", "),
      ]),
    ],
    ["Configuration files", config.files.map((file) => [file, ""])],
    ["Values and their sources", Object.entries(config.sources).map(([key, source]) => [key, source])],
  ];
  return sections.map(([title, lines]) => `${title}:\n${listText(lines)}`).join("");
}

function listText(lines: readonly [string, string][]): string {
  if (lines.length === 0) return "  none\n";
  const width = Math.max(...lines.map(([name]) => name.length));
  return lines
    .map(
      ([name, value]) => `  ${`${escapeControl(name).padEnd(width)}   ${escapeControl(value)}`.trimEnd()}\n`,
    )
    .join("");
}
