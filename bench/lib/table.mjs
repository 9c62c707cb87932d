// What is measured is compared with something, by each of the two engines, and has a target: that is the table.

/** What a row is about, its targets, and how its value is made of what was measured. `of(name)` is of the row's engine. */
const ROWS = [
  {
    what: "`ps`, 20 running, over `podman ps` with 20",
    atMost: { executable: 0.33, node: 1 },
    value: (of, peer) => of("ps20").ms / peer.podmanPs20.ms,
    shows: "ps20",
  },
  {
    what: "`ps`, 20 running, over a nop of the same engine",
    atMost: { executable: 2.6, node: 1.6 },
    value: (of) => of("ps20").ms / of("nop").ms,
    shows: "ps20",
  },
  {
    what: "`ps` 100 over 20 running",
    atMost: { executable: 1.35, node: 1.3 },
    value: (of) => of("ps100").ms / of("ps20").ms,
    shows: "ps100",
  },
  {
    what: "`ps -a`, 1,000 (100 running), over podman's",
    atMost: { executable: 0.1, node: 0.2 },
    value: (of, peer) => of("psAll").ms / peer.podmanPsAll.ms,
    shows: "psAll",
  },
  {
    what: "`inspect NAME` in 1,000, over podman's",
    atMost: { executable: 0.2, node: 0.65 },
    value: (of, peer) => of("inspect").ms / peer.podmanInspect.ms,
    shows: "inspect",
  },
  {
    what: "`logs --tail 10`, 1 GB, over `ps -q` of the same engine",
    atMost: { executable: 1.1, node: 1.2 },
    value: (of) => of("tail1GB").ms / of("psQuiet").ms,
    shows: "tail1GB",
  },
  {
    what: "`stats` of 100, CPU above the engine's nop",
    atMost: { executable: 20, node: 40 },
    value: (of) => of("stats").cpuMs - of("nop").cpuMs,
    unit: "ms",
  },
  {
    what: "`__complete stop ''`, 1,000 records, over `node -e 0`",
    atMost: { executable: 0.8, node: 1.8 },
    value: (of, peer) => of("complete").ms / peer.bareNode.ms,
    shows: "complete",
  },
  {
    what: "`logs` of 1 GB to a file over `cat` into `cut`",
    atLeast: { executable: 2, node: 1.5 },
    value: (of, peer) => peer.cut1GB.ms / of("logs1GB").ms,
    shows: "logs1GB",
  },
  {
    what: "peak memory of `ps -a` with 1,000",
    atMost: { executable: 60, node: 64 },
    value: (of) => of("psAll").rssKb / 1024,
    unit: "MiB",
  },
  {
    what: "`ps`, 20 running, over `runc list` of the same 20",
    atMost: { executable: 1.1, node: 3.6 },
    value: (of, peer) => of("ps20").ms / peer.runcList.ms,
    shows: "ps20",
  },
  {
    what: "`exec CONTAINER true`, over `runc exec` of the same and the start of the engine",
    atMost: { executable: 1.25, node: 1.25 },
    value: (of, peer) => of("exec").ms / (peer.runcExec.ms + of("nop").ms),
    shows: "exec",
  },
  {
    what: "`top` of 100 processes over `node -e 0`",
    atMost: { executable: 1.5, node: 3 },
    value: (of, peer) => of("top").ms / peer.bareNode.ms,
    shows: "top",
  },
  {
    what: "`export`, 20,000 files and 280 MB, over `tar` of the same",
    atMost: { executable: 2, node: 2 },
    value: (of, peer) => of("export").ms / peer.tarAll.ms,
    shows: "export",
  },
  {
    what: "`cp` of these files out of a container, over `tar`",
    atMost: { executable: 2, node: 2 },
    value: (of, peer) => of("copy").ms / peer.tarData.ms,
    shows: "copy",
  },
  {
    what: "`diff` of a container with 20,000 new files, over `find` of its layer",
    atMost: { executable: 1.5, node: 1.5 },
    value: (of, peer) => of("diff").ms / peer.find.ms,
    shows: "diff",
  },
  {
    what: "`system df`, 1,000 containers and 50 images, without the time of `du`, over `node -e 0`",
    atMost: { executable: 3, node: 3 },
    value: (of, peer) => (of("df").ms - peer.du.ms) / peer.bareNode.ms,
    shows: "df",
  },
  {
    what: "`doctor`, 1,000 containers and 50 images, over `node -e 0`",
    atMost: { executable: 6, node: 6 },
    value: (of, peer) => of("doctor").ms / peer.bareNode.ms,
    shows: "doctor",
  },
  {
    what: "`doctor --quick` of these",
    atMost: { executable: 1000, node: 1000 },
    value: (of) => of("doctorQuick").ms,
    unit: "ms",
  },
  {
    what: "peak memory of `doctor` with these",
    atMost: { executable: 120, node: 120 },
    value: (of) => of("doctor").rssKb / 1024,
    unit: "MiB",
  },
  {
    what: "`pod run` on a bridge, over one without a network and what the plugin takes by itself",
    atMost: { executable: 1.25, node: 1.25 },
    value: (of, peer) => of("podBridge").ms / (of("podAlone").ms + peer.bridgePlugin.ms),
    shows: "podBridge",
  },
  {
    what: "peak memory of `load`, a layer of 1 GB",
    atMost: { executable: 150, node: 150 },
    value: (of) => of("load1GB").rssKb / 1024,
    unit: "MiB",
  },
  {
    what: "peak memory of `pull` from a registry, a layer of 1 GB",
    atMost: { executable: 150, node: 150 },
    value: (of) => of("pull1GB").rssKb / 1024,
    unit: "MiB",
  },
  {
    what: "peak memory of `save`, a layer of 1 GB",
    atMost: { executable: 150, node: 150 },
    value: (of) => of("save1GB").rssKb / 1024,
    unit: "MiB",
  },
];

/** The name of a measurement by one engine. */
export function nameOf(engine, name) {
  return `${engine} ${name}`;
}

/** All rows of the result, with a cell for each engine that was measured. */
export function resultRows(measured, engines) {
  return ROWS.map(({ what, atMost, atLeast, value, shows, unit }) => ({
    what,
    cells: engines.map((engine) => {
      const of = (name) => measured[nameOf(engine, name)];
      const result = value(of, measured);
      const limit = (atMost ?? atLeast)[engine];
      return {
        engine,
        value: Number(result.toFixed(3)),
        milliseconds: shows === undefined ? undefined : Number(of(shows).ms.toFixed(1)),
        unit,
        target: `${atMost === undefined ? "≥" : "≤"} ${withUnit(String(limit), unit)}`,
        holds: atMost === undefined ? result >= limit : result <= limit,
      };
    }),
  }));
}

function withUnit(text, unit) {
  return unit === undefined ? text : `${text} ${unit}`;
}

const TITLES = { executable: "the executable", node: "on Node" };

/** What was measured, with the time of the call where the value is a ratio; bold where it misses its target. */
function measuredText({ value, unit, milliseconds, holds }) {
  const text = withUnit(unit === undefined ? value.toFixed(2) : value.toFixed(0), unit);
  const time = milliseconds === undefined ? "" : ` (${milliseconds} ms)`;
  return `${holds ? text : `**${text}**`}${time}`;
}

/** The rows as the table of the README: of each engine the target and what was measured. */
export function markdown(rows) {
  const engines = (rows[0]?.cells ?? []).map(({ engine }) => TITLES[engine]);
  const head = ["what", ...engines.flatMap((title) => [`target, ${title}`, "measured"])];
  const lines = rows.map(({ what, cells }) => [
    what,
    ...cells.flatMap((cell) => [cell.target, measuredText(cell)]),
  ]);
  return [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}
