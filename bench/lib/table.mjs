// What the measurements are compared with, and how that is shown.

/** A row of the result. `ratio` is ours over the peer's unless a row says how it is made otherwise. */
function row(what, ours, peer, { atMost, atLeast, ratio = ours.value / peer.value }) {
  const holds = atMost === undefined ? ratio >= atLeast : ratio <= atMost;
  const target = atMost === undefined ? `>= ${atLeast}` : `<= ${atMost}`;
  return { what, ours: ours.text, peer: peer.text, ratio: Number(ratio.toFixed(3)), target, holds };
}

function milliseconds({ ms }, name) {
  return { value: ms, text: `${ms.toFixed(1)} ms${name === undefined ? "" : ` ${name}`}` };
}

/** All rows of the result. */
export function resultRows(measured, logBytes) {
  const bare = milliseconds(measured.bare, "node -e 0");
  const ps20 = milliseconds(measured.ps20);
  const speed = ({ ms }, name) => {
    const value = logBytes / 1e6 / (ms / 1000);
    return { value, text: `${value.toFixed(0)} MB/s${name === undefined ? "" : ` ${name}`}` };
  };
  const memory = ({ rssKb }, name = "") => ({
    value: rssKb,
    text: `${(rssKb / 1024).toFixed(0)} MiB${name}`,
  });
  const spared = measured.stats.cpuMs - measured.bare.cpuMs;
  const spawns = Number(measured.ps100.startsProcesses);
  return [
    row("ps, 20 running", ps20, bare, { atMost: 1.4 }),
    row(
      "ps, 100 running",
      milliseconds(measured.ps100),
      { ...ps20, text: `${ps20.text} with 20` },
      { atMost: 1.25 },
    ),
    row("ps -a, 1,000 stopped", milliseconds(measured.psStopped), bare, { atMost: 3 }),
    row("ps, 20 running", ps20, milliseconds(measured.podmanPs20, "podman"), { atMost: 0.7 }),
    row(
      "ps -a, 1,000, 100 of them running",
      milliseconds(measured.psAll),
      milliseconds(measured.podmanPsAll, "podman"),
      {
        atMost: 0.2,
      },
    ),
    row(
      "inspect, store of 1,000",
      milliseconds(measured.inspect),
      milliseconds(measured.podmanInspect, "podman"),
      {
        atMost: 0.25,
      },
    ),
    row("inspect, store of 1,000", milliseconds(measured.inspect), bare, { atMost: 1.6 }),
    row("logs --tail 10, store of 1,000", milliseconds(measured.tail1MB), bare, { atMost: 1.6 }),
    row("logs --tail 10 of 1 GB", milliseconds(measured.tail1GB), milliseconds(measured.tail1MB, "of 1 MB"), {
      atMost: 1.1,
    }),
    row("logs of 1 GB to a file", speed(measured.logs1GB), speed(measured.cut1GB, "cat | cut"), {
      atLeast: 0.5,
    }),
    row(
      "stats of 100 once, CPU time above node's",
      { text: `${measured.stats.cpuMs.toFixed(1)} ms` },
      { text: `${measured.bare.cpuMs.toFixed(1)} ms node -e 0` },
      { ratio: spared, atMost: 20 },
    ),
    row("__complete stop '', 1,000 records", milliseconds(measured.complete), bare, { atMost: 1.3 }),
    row("ps -a, 1,000 records, peak memory", memory(measured.psAll), memory(measured.bare, " node -e 0"), {
      atMost: 1.6,
    }),
    row("runtime processes of one ps", { text: String(spawns) }, { text: "-" }, { ratio: spawns, atMost: 0 }),
  ];
}

/** The rows as a table of Markdown. */
export function markdown(rows) {
  const head = ["what", "kpod", "compared with", "ratio", "target", "holds"];
  const lines = rows.map(({ what, ours, peer, ratio, target, holds }) => [
    ...[what, ours, peer, ratio.toFixed(2), target, holds ? "yes" : "**no**"],
  ]);
  return [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}
