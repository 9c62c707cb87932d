import { command as podPs } from "../../../src/commands/pod/ps/command";
import { command as ps } from "../../../src/commands/ps/command";
import { templateContainer } from "../../../src/commands/ps/template";
import { templatePod } from "../../../src/commands/pod/ps/template";
import { openPsOutput } from "../../../src/commands/ps/output";
import type { Listing } from "../../../src/commands/shared/listing";
import { bufferTerminal } from "../../helpers/buffer-terminal";
import type { TestServer } from "../../helpers/server";
import { testId } from "../../helpers/store-tree";
import { job, listed, shop, usual, web, type Listed } from "./listed";

let node: TestServer;
let source: Listing;
let printed: Listed["printed"];

beforeAll(async () => {
  ({ node, source, printed } = await listed());
});

describe("templates", () => {
  test.each([
    ["{{.Names}} {{.State}} {{.ExitCode}}|", "k8s_web_shop_sales_u1_0 running |"],
    ["{{.ID}} {{.ImageID}}", `${web.id.slice(0, 13)} ${testId("busybox").slice(0, 13)}`],
    ["{{.CreatedAt}} / {{.Created}}", "2026-11-23 12:00:00 +0000 UTC / 2 minutes ago"],
    ["{{.RunningFor}} {{gt .RunningFor 1000000000}}", "About a minute ago true"],
    ["{{.Command}}", "sh -c while true;..."],
    ["{{.Labels}} {{.Labels.a}} {{index .Labels `b`}} {{.Labels.none}}", "a=1,b=2 1 2 <no value>"],
    ["{{range $k, $v := .Labels}}{{$k}}-{{$v}};{{end}}", "a-1;b-2;"],
    ["{{.Mounts}} {{len .Mounts}}", "/data,/etc/hosts 2"],
    ["{{.Pod}} {{.PodNamespace}} {{.PodID}}", `shop sales ${shop.id.slice(0, 13)}`],
    ["{{.PID}}", String(process.pid)],
    ["{{.ProcessLabel}} {{.MountLabel}}", "u:r:t:s0:c1,c2 u:object_r:f:s0:c1,c2"],
    ["{{.Ports}} {{.Size}}|", "0.0.0.0:8080->80/tcp, 53/udp |"],
    ["{{if eq .State `running`}}yes{{end}}", "yes"],
    ['{{.Label "a"}} {{.Label "b"}}|{{.Label "none"}}|{{.Label "constructor"}}|', "1 2|||"],
    [
      '{{"a" | .Label}} {{$l := "b"}}{{$.Label $l}}{{if .Label "none"}}x{{end}} {{upper (.Label "a")}}',
      "1 2 1",
    ],
    ["{{.ContainerID}} {{.Pid}} {{.PodName}}", `${web.id.slice(0, 13)} ${process.pid} shop`],
    ["{{.CreatedHuman}} {{eq .USERNS .User}} {{eq .CGROUPNS .Cgroup}}", "2 minutes ago true true"],
  ])("%s", async (format, expected) => {
    expect((await printed({ format })).split("\n").at(-2)).toBe(expected);
  });

  test("have all fields that the completion offers, and no other", () => {
    const row = templateContainer(source, node.server.lookupContainer("web"));
    expect(ps.flags.format.completes.fields).toEqual(Object.keys(row));
    const pod = templatePod(source, node.server.lookupSandbox("shop"));
    expect(podPs.flags.format.completes.fields).toEqual(Object.keys(pod));
  });

  test("a label of which the spec cannot tell is empty, and one needs a key", async () => {
    expect(await printed({ format: '{{.Names}} {{.Label "a"}}|' })).toContain("sick_shop_sales_u1_0 |\n");
    await expect(printed({ format: "{{.Label}}" })).rejects.toThrow(
      'executing "ps" at <.Label>: wrong number of args for Label: want 1 got 0',
    );
    await expect(printed({ format: "{{.Label 1}}" })).rejects.toThrow("expected string; found 1");
    await expect(printed({ format: '{{.Names "a"}}' })).rejects.toThrow(
      "Names has arguments but cannot be invoked",
    );
  });

  test("nothing that has a second name is printed twice", async () => {
    const [line = ""] = (await printed({ format: "{{json .}}" })).split("\n");
    expect(Object.keys(JSON.parse(line) as object)).toEqual(ps.flags.format.completes.fields);
  });

  test("a label has its last word as heading", async () => {
    const text = await printed({ format: String.raw`table {{.PodName}}\t{{.Label "example.com/my-tier"}}` });
    expect(text.split("\n")[0]).toBe("POD NAME   MY TIER");
  });

  test("as a table have headings", async () => {
    const text = await printed({ format: String.raw`table {{.ID}}\t{{.PodNamespace}}\t{{.ExitCode}}` });
    expect(text.split("\n")[0]).toBe("CONTAINER ID    K8S NAMESPACE   EXIT CODE");
    expect(text.split("\n")[3]).toBe(`${job.id.slice(0, 13)}   sales           3`);
  });

  test("say what must be found out for them", async () => {
    const needs = async (format: string) =>
      (await openPsOutput({ ...usual, format }, bufferTerminal())).needs;
    const nothing = { states: false, sizes: false, images: false };
    expect(await needs("{{.Names}} {{.Labels.app}}")).toEqual({ ...nothing, states: true });
    expect(await needs("{{.Names}} {{.Labels}} {{.Command}}")).toEqual(nothing);
    expect(await needs("{{.Status}}")).toEqual({ ...nothing, states: true });
    expect(await needs("{{json .}}")).toEqual({ ...nothing, states: true, images: true });
    expect(await needs("{{.Size}}")).toEqual({ ...nothing, sizes: true });
    expect(await needs('{{.Label "a"}} {{.PodName}} {{.CreatedHuman}} {{.ContainerID}}')).toEqual(nothing);
    expect(await needs("{{.Image}}")).toEqual({ ...nothing, images: true });
  });
});
