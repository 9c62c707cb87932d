import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { existsSync, mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "../../scripts/lib/layout.mjs";
import type { Container } from "../../src/lib/oci/container";
import { kernelOf } from "../helpers/cgroup-values";
import { contentsOf, logOf, useNode, usePod, type Node } from "../helpers/node";
import { until } from "../helpers/until";

const runtimes = (["runc", "crun"] as const).filter((name) => findProgram(name) !== undefined);

/** Writes a file into a node's directory for such. */
function file(node: Node, name: string, text: string): string {
  const path = join(node.world.scratch, name);
  writeFileSync(path, text);
  return path;
}

const placing = (node: Node): string[] => ["--cgroup-parent", node.world.cgroupParent, "--network", "none"];

async function play(node: Node, ...words: string[]): Promise<{ ids: string[]; warnings: string[] }> {
  const { exitCode, stdout, stderr } = await node.kpod("kube", "play", ...placing(node), ...words);
  expect({ words, exitCode, stderr }).toEqual({ words, exitCode: 0, stderr });
  return { ids: stdout.trim().split("\n"), warnings: stderr.split("\n").slice(0, -1) };
}

async function containerOf(node: Node, name: string): Promise<Container> {
  const { server } = await node.openServer();
  await server.update();
  return server.lookupContainer(name);
}

/** What a container has written, once it has come to its last line. */
async function saidBy(node: Node, name: string): Promise<string[]> {
  const container = await containerOf(node, name);
  await until(`${name} has said all`, () => logOf(container).endsWith("done\n"));
  return logOf(container).split("\n").slice(0, -2);
}

const shop = (host: string): string => `apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: sales}
data: {colour: red, "motd": "first\\nsecond\\n"}
---
apiVersion: v1
kind: Pod
metadata: {name: shop, namespace: sales, labels: {tier: front}, annotations: {owner: me}}
spec:
  restartPolicy: Always
  terminationGracePeriodSeconds: 3
  shareProcessNamespace: true
  hostAliases: [{ip: 192.0.2.7, hostnames: [db]}]
  securityContext: {runAsUser: 1000, fsGroup: 2000, supplementalGroups: [3000], sysctls: [{name: kernel.msgmax, value: "8192"}]}
  volumes:
  - {name: work, emptyDir: {}}
  - {name: fast, emptyDir: {medium: Memory, sizeLimit: 1Mi}}
  - {name: settings, configMap: {name: settings, defaultMode: 0440}}
  - {name: keys, secret: {secretName: keys, items: [{key: password, path: deep/pw}]}}
  - {name: host, hostPath: {path: ${host}, type: DirectoryOrCreate}}
  initContainers:
  - name: first
    image: busybox
    command: [sh, -c, "echo one >> /data/order; ln -s / /data/evil"]
    volumeMounts: [{name: work, mountPath: /data}]
  - name: second
    image: busybox
    command: [sh, -c, "echo two >> /data/order"]
    volumeMounts: [{name: work, mountPath: /data}]
  containers:
  - name: web
    image: busybox
    command: [sh, -c]
    args:
    - |
      cat /data/order; id; echo $(ls /evil | sort); ls /sub
      stat -c '%n %a %g' /settings/colour /fast /data /sub; cat /settings/motd; echo $(cat /one) $(cat /keys/deep/pw)
      (echo x > /settings/colour) 2>/dev/null || echo read-only
      echo "$(COLOUR) $(POD) $(PREFIX_password) $(MEM) $(UID_)"; grep -c . /host/in; grep db /etc/hosts
      grep ' /fast ' /proc/mounts | cut -d ' ' -f 2,3 ; cat /proc/sys/kernel/msgmax
      hostname; ls /proc | grep -c '^[0-9]*$' > /data/processes; echo done; trap 'exit 0' TERM; while :; do sleep 0.1; done
    env:
    - {name: COLOUR, valueFrom: {configMapKeyRef: {name: settings, key: colour}}}
    - {name: POD, value: "the $(COLOUR) one"}
    - {name: MEM, valueFrom: {resourceFieldRef: {resource: limits.memory, divisor: 1Mi}}}
    - {name: UID_, valueFrom: {fieldRef: {fieldPath: metadata.uid}}}
    envFrom: [{secretRef: {name: keys}, prefix: PREFIX_}]
    resources: {limits: {memory: 64Mi, cpu: 500m}, requests: {cpu: 250m}}
    securityContext: {readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: {drop: [ALL], add: [CHOWN]}}
    livenessProbe: {exec: {command: ["true"]}}
    volumeMounts:
    - {name: work, mountPath: /data}
    - {name: work, mountPath: /evil, subPath: evil}
    - {name: work, mountPath: /sub, subPath: new/dir}
    - {name: fast, mountPath: /fast}
    - {name: settings, mountPath: /settings}
    - {name: settings, mountPath: /one, subPath: colour}
    - {name: keys, mountPath: /keys}
    - {name: host, mountPath: /host, readOnly: true}
`;

const keys = "apiVersion: v1\nkind: Secret\nmetadata: {name: keys}\nstringData: {password: s3cret}\n";

describe.each(runtimes)("kube play, generate and down, under %s", (runtime) => {
  const node = useNode({ runtime });
  usePod(node, "beside");

  test("a pod is what its file says, comes out as a file that makes the same, and goes without a trace", async () => {
    const host = join(node.world.scratch, "host");
    mkdirSync(host);
    writeFileSync(join(host, "in"), "from the host\n");
    const [pod, secret] = [file(node, "shop.yaml", shop(host)), file(node, "keys.yaml", keys)];
    const before = contentsOf(node.world);
    const { ids, warnings } = await play(node, "--configmap", secret, pod);
    expect(warnings).toEqual([
      `Warning: ${pod}: not followed, for nobody probes here: spec.containers[0].livenessProbe`,
      `Warning: ${pod}: not followed, for nobody restarts containers here: spec.restartPolicy`,
    ]);

    const web = await containerOf(node, "shop/web");
    const said = await saidBy(node, "shop/web");
    const uid = web.labels["io.kubernetes.pod.uid"] ?? "";
    expect(said).toEqual([
      ...["one", "two", "uid=1000 gid=0(root) groups=0(root),2000,3000"],
      // The link leads to the root of the volume, and not to that of the node.
      ...[
        "evil new order",
        "/settings/colour 440 2000",
        "/fast 2777 2000",
        "/data 2777 2000",
        "/sub 2777 2000",
      ],
      ...["first", "second", "red s3cret", "read-only", `red the red one s3cret 64 ${uid}`],
      ...["1", "192.0.2.7\tdb", "/fast tmpfs", "8192", "shop"],
    ]);
    expect(web.labels).toEqual({
      "io.kubernetes.container.name": "web",
      "io.kubernetes.pod.name": "shop",
      "io.kubernetes.pod.namespace": "sales",
      "io.kubernetes.pod.uid": uid,
    });
    expect(web.annotations).toMatchObject({
      "io.kubernetes.container.restartCount": "0",
      "io.kubernetes.pod.terminationGracePeriod": "3",
    });
    expect(kernelOf(web, "memory", "memory.limit_in_bytes", "memory.max")).toBe(String(64 * 2 ** 20));
    expect(await node.ok("ps", "-a", "--format", "{{.Names}} {{.Status}}", "--filter", "name=first")).toMatch(
      /^k8s_first_shop_sales_.* Exited \(0\)/,
    );
    // Limits are those of now, and what was a Secret has its value.
    const written = await node.ok("kube", "generate", "shop");
    expect(written).toContain("password: czNjcmV0");
    const again = file(node, "again.yaml", written);
    expect(await node.kpod("kube", "down", pod)).toEqual({
      exitCode: 0,
      stderr: "",
      stdout: `${ids[0] ?? ""}\n`,
    });
    rmSync(join(node.world.logDir, ids[0] ?? ""), { recursive: true });
    expect(contentsOf(node.world)).toEqual(before);

    const { ids: other } = await play(node, again);
    expect(await node.ok("kube", "generate", "shop")).toBe(written);
    expect(await saidBy(node, "shop/web")).toEqual(said);
    await node.ok("kube", "down", "-f", again);
    rmSync(join(node.world.logDir, other[0] ?? ""), { recursive: true });
    expect(contentsOf(node.world)).toEqual(before);
    expect(existsSync(join(host, "in"))).toBe(true);
  });

  test("a static pod as kubeadm writes it plays", async () => {
    const pki = join(node.world.scratch, "pki");
    mkdirSync(pki);
    const program = join(pki, "kube-apiserver");
    writeFileSync(program, '#!/bin/sh\necho "$@"\nhostname\necho done\nexec sleep 1000\n', { mode: 0o755 });
    const manifest = readFileSync(join(__dirname, "../lib/kube/kube-apiserver.yaml"), "utf8")
      .replaceAll("/etc/kubernetes/pki", pki)
      .replaceAll("/etc/ssl/certs", join(node.world.scratch, "made/certs"))
      .replace("- kube-apiserver\n", `- ${program}\n`)
      .replace(/image: .*/, "image: localhost/busybox:latest");
    const pod = file(node, "kube-apiserver.yaml", manifest);
    await play(node, pod);
    expect(await saidBy(node, "kube-apiserver/kube-apiserver")).toEqual([
      "--advertise-address=192.0.2.1 --etcd-servers=https://127.0.0.1:2379",
      readFileSync("/proc/sys/kernel/hostname", "utf8").trim(),
    ]);
    expect(await node.ok("kube", "generate", "kube-apiserver")).toContain("hostNetwork: true");
    await node.ok("kube", "down", "-f", pod);
  });
});

describe("kube play and its failures", () => {
  const node = useNode();
  usePod(node, "beside");

  test("a failure in the middle removes what was made, also of the host and of the pods before", async () => {
    const made = join(node.world.scratch, "made/for/it");
    const text = (name: string, script: string): string => `apiVersion: v1
kind: Pod
metadata: {name: ${name}}
spec:
  volumes:
  - {name: host, hostPath: {path: ${made}, type: DirectoryOrCreate}}
  - {name: fast, emptyDir: {medium: Memory}}
  initContainers:
  - {name: prepare, image: busybox, command: [sh, -c, "${script}"], volumeMounts: [{name: fast, mountPath: /fast, subPath: a}]}
  containers:
  - {name: main, image: busybox, command: [sleep, "1000"], volumeMounts: [{name: host, mountPath: /host}, {name: host, mountPath: /new, subPath: new/dir}]}
---
`;
    const before = contentsOf(node.world);
    const pods = file(node, "two.yaml", text("fine", "true") + text("broken", "echo no such table; exit 3"));
    expect(await node.refusal("kube", "play", ...placing(node), pods)).toBe(
      "init container prepare of pod broken ended with code 3; the last that it said: no such table",
    );
    expect(contentsOf(node.world)).toEqual(before);
    expect(existsSync(join(node.world.scratch, "made"))).toBe(false);
  });

  test("what cannot be is one line, and nothing is made of it", async () => {
    const refusal = (text: string, ...words: string[]): Promise<string> =>
      node.refusal("kube", "play", ...placing(node), ...words, file(node, "bad.yaml", text));
    const pod = (spec: string, image = "busybox"): string =>
      `apiVersion: v1\nkind: Pod\nmetadata: {name: bad}\nspec:\n${spec}  containers: [{name: c, image: ${image}, command: [sleep, "9"]}]\n`;
    const before = contentsOf(node.world);
    const path = join(node.world.scratch, "bad.yaml");
    expect(await refusal("a: [1\n")).toMatch(/bad\.yaml:2: this is no YAML: /);
    expect(await refusal(pod("  volumes: [{name: d, persistentVolumeClaim: {claimName: data}}]\n"))).toBe(
      `${path}:5: spec.volumes[0].persistentVolumeClaim claims data, which nobody can meet here: give a hostPath in its place`,
    );
    expect(await refusal(pod("  volumes: [{name: d, hostPath: {path: /dev/null, type: Directory}}]\n"))).toBe(
      "volume d needs /dev/null to be a directory, which it is not",
    );
    expect(
      await refusal(pod(`  volumes: [{name: d, hostPath: {path: ${path}/x, type: DirectoryOrCreate}}]\n`)),
    ).toBe(`cannot make ${path}/x of volume d: not a directory`);
    expect(await refusal(pod("", "nowhere.invalid/x"), "--pull", "never")).toMatch(/nowhere\.invalid\/x/);
    await node.ok("tag", "busybox", "127.0.0.1:1/x:1");
    const first = "  initContainers: [{name: i, image: 127.0.0.1:1/x:1, imagePullPolicy: Never}]\n";
    const twice = file(node, "twice.yaml", pod(first, "127.0.0.1:1/x:1, imagePullPolicy: Always"));
    expect(await node.kpod("kube", "play", ...placing(node), twice)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("cannot pull 127.0.0.1:1/x:1") as string,
    });
    await node.ok("untag", "busybox", "127.0.0.1:1/x:1");
    const listening = createServer().listen(0, "127.0.0.1");
    await once(listening, "listening");
    const { port } = listening.address() as AddressInfo;
    const ports = `busybox, ports: [{containerPort: ${port}}]`;
    expect(await refusal(pod("  hostNetwork: true\n", ports))).toMatch(
      new RegExp(
        `^pod bad is to be on the host's network: port ${port}/tcp of the host is taken: a program listens on it: `,
      ),
    );
    listening.close();
    const away = `busybox, ports: [{containerPort: ${port}, hostIP: 192.0.2.1}]`;
    expect(await refusal(pod("  hostNetwork: true\n", away))).toMatch(/ has no such address\n?$/);
    expect(await node.kpod("kube", "play", ...placing(node), "--configmap", "-", "-")).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/^[^\n]*standard input is read once: [^\n]*\n/) as string,
    });
    expect(await refusal(pod("  securityContext: {runAsNonRoot: true}\n"))).toMatch(
      /^the container is not to run as root, and its image does/,
    );
    expect(await node.refusal("kube", "down", path)).toBe("no pod bad is in namespace default");
    expect(await node.refusal("kube", "generate", "nobody")).toBe('no pod or container "nobody" is there');
    expect(await node.refusal("kube", "play", `${path}.gone`)).toMatch(/^cannot read .*gone: no such file/);
    expect(contentsOf(node.world)).toEqual(before);
  });

  test("a pod that was made otherwise is not taken down; it is written as a file, a container alone, too", async () => {
    const sandbox = await node.pod("other", { pid: "node", ipc: "node" });
    await node.start(sandbox, "one", "sleep 1000", {
      ...{ env: ["A=$(b)"], volumes: [{ hostPath: "/etc", containerPath: "/host", readonly: true }] },
      ...{
        tmpfs: [{ containerPath: "/scratch", options: ["size=1m"] }],
        limits: { memory: 2 ** 26, cpus: 0.5 },
      },
    });
    await node.start(sandbox, "two", "sleep 1000");
    const written = await node.ok("kube", "generate", "other/one");
    expect(written).not.toContain("two");
    for (const part of ["hostPID: true", "hostIPC: true", "value: $$(b)", "memory: 64Mi", "sizeLimit: 1Mi"])
      expect(written).toContain(part);
    const path = file(node, "other.yaml", written);
    expect(await node.refusal("kube", "down", path)).toBe(
      "pod other was not made of a file of Kubernetes: kpod pod rm removes it",
    );
    await node.ok("pod", "rm", "-f", "other");
    await play(node, path);
    expect(
      await node.ok(
        "exec",
        "other/one",
        "sh",
        "-c",
        'echo "$A"; readlink /proc/self/ns/ipc; cat /proc/1/comm',
      ),
    ).toBe(`$(b)\n${readlinkSync("/proc/self/ns/ipc")}\n${readFileSync("/proc/1/comm", "utf8")}`);
    await node.ok("kube", "down", "-f", path);
  });

  test("what several pods refer to stands in their file once", async () => {
    const map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: both}\ndata: {a: b}\n";
    const pod = (name: string): string => `---
apiVersion: v1
kind: Pod
metadata: {name: ${name}}
spec:
  volumes: [{name: v, configMap: {name: both}}]
  containers: [{name: c, image: busybox, command: [sleep, "1000"], volumeMounts: [{name: v, mountPath: /v}]}]
`;
    const path = file(node, "pair.yaml", map + pod("left") + pod("right"));
    await play(node, path);
    const written = await node.ok("kube", "generate", "left", "right");
    expect(written.match(/kind: ConfigMap/g)).toHaveLength(1);
    await node.ok("kube", "down", "-f", path);
  });
});
