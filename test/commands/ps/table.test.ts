import { containerTable } from "../../../src/commands/ps/table";
import { openTableStyle, type Listing } from "../../../src/commands/shared/listing";
import { bufferTerminal } from "../../helpers/buffer-terminal";
import type { TestServer } from "../../helpers/server";
import { fresh, job, listed, sick, web, type Listed } from "./listed";

let node: TestServer;
let source: Listing;
let printed: Listed["printed"];

beforeAll(async () => {
  ({ node, source, printed } = await listed());
});

describe("the table", () => {
  const name = (short: string) => `k8s_${short}_shop_sales_u1_0`;
  const ports = "0.0.0.0:8080->80/tcp, 53/udp";

  test("has the usual columns; what cannot be read stays empty", async () => {
    const lines = (await printed({})).split("\n").map((line) => line.split(/ {3,}/));
    expect(lines).toEqual([
      ["CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES"],
      [
        fresh.id.slice(0, 13),
        "localhost/busybox:latest",
        "About a minute ago",
        "Created",
        ports,
        name("fresh"),
      ],
      [
        sick.id.slice(0, 13),
        "localhost/busybox:latest",
        "About a minute ago",
        "Unknown",
        ports,
        name("sick"),
      ],
      [
        job.id.slice(0, 13),
        "localhost/busybox:latest",
        "About a minute ago",
        "Exited (3) About a minute ago",
        ports,
        name("job"),
      ],
      [
        web.id.slice(0, 13),
        "localhost/busybox:latest",
        "sh -c while true;...",
        "2 minutes ago",
        "Up About a minute",
        ports,
        name("web"),
      ],
      [""],
    ]);
    expect(node.logger.warnings.filter((line) => line.includes("sick"))).toHaveLength(1);
  });

  test("shows control characters of the data, in full with --no-trunc", async () => {
    const text = await printed({ noTrunc: true });
    expect(text).toContain(String.raw`sh -c while true; do\nsleep 1; \x1b[2J done`);
    expect(text).toContain(web.id);
    expect(text).not.toContain("\x1b");
  });

  test("has columns for the pod, and the size last", async () => {
    const sizes = new Map([[web.id, { rw: 1234, rootFs: 2_000_000 }]]);
    const columns = { pod: true, size: true, namespace: false, noheading: false };
    const style = await openTableStyle(bufferTerminal(), { noTrunc: false });
    const text = containerTable({ ...source, sizes }, [node.server.lookupContainer("web")], columns, style);
    expect(text.split("\n").map((line) => line.split(/ {3,}/).slice(-3))).toEqual([
      ["POD", "K8S NAMESPACE", "SIZE"],
      ["shop", "sales", "1.234kB (virtual 2.001MB)"],
      [""],
    ]);
    expect(await printed({ noheading: true })).not.toContain("CONTAINER ID");
  });

  test("of namespaces has those of processes only", async () => {
    const lines = (await printed({ namespace: true })).split("\n").map((line) => line.split(/ {3,}/));
    expect(lines[0]?.join(" ")).toBe("CONTAINER ID NAMES PID CGROUP IPC MNT NET PIDNS USER UTS");
    expect(lines[3]?.slice(1)).toEqual([name("job"), ...Array.from({ length: 8 }, () => "-")]);
    expect(lines[4]?.[2]).toBe(String(process.pid));
    expect(lines[4]?.slice(3).every((cell) => /^\d+$/.test(cell))).toBe(true);
  });

  test("ids alone", async () => {
    expect(await printed({ quiet: true })).toBe(
      [fresh, sick, job, web].map(({ id }) => `${id.slice(0, 13)}\n`).join(""),
    );
    expect(await printed({ quiet: true, noTrunc: true })).toContain(`${web.id}\n`);
  });
});
