import { readFileSync } from "node:fs";
import { containerOptions } from "../../../src/lib/kube/container";
import type { NodeFacts } from "../../../src/lib/kube/facts";
import { planKube, podsOfFile, type KubePlan } from "../../../src/lib/kube/objects";
import type { KubePod } from "../../../src/lib/kube/pod";
import { failureOf } from "../../helpers/failure";

const node: NodeFacts = { name: "node1", ips: ["192.0.2.1"], processors: 4, memory: 8 * 2 ** 30 };
const facts = { uid: "the-uid", ips: ["10.0.0.7", "fd00::7"] };

const plan = (text: string, ...more: string[]): Promise<KubePlan> =>
  planKube(
    { name: "a.yaml", text },
    more.map((each, index) => ({ name: `more${index}.yaml`, text: each })),
    node,
  );

const head = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n";

/** A pod with one container, of which further lines are given. */
const withContainer = (lines: string, spec = ""): string =>
  `${head}${spec}  containers:\n  - name: c\n    image: busybox\n${lines}`;

async function podOf(text: string, ...more: string[]): Promise<KubePod> {
  const { pods } = await plan(text, ...more);
  const [pod] = pods;
  if (pods.length !== 1 || pod === undefined) throw new Error(`${pods.length} pods`);
  return pod;
}

async function optionsOf(lines: string, spec = ""): Promise<ReturnType<typeof containerOptions>> {
  const [container] = (await podOf(withContainer(lines, spec))).containers;
  if (container === undefined) throw new Error("no container");
  return containerOptions(container, facts);
}

const refusalOf = async (text: string): Promise<string> => {
  const { message } = await failureOf(plan(text));
  expect(message).not.toContain("\n");
  return message;
};

test("a static pod as kubeadm writes it becomes what the kubelet would have made of it", async () => {
  const text = readFileSync(`${__dirname}/kube-apiserver.yaml`, "utf8");
  const { pods, untold } = await plan(text);
  expect(untold).toEqual([
    "a.yaml: not followed, for nobody probes here: spec.containers[0].livenessProbe, spec.containers[0].readinessProbe, spec.containers[0].startupProbe",
  ]);
  const [pod] = pods;
  expect(pod?.pod).toMatchObject({
    name: "kube-apiserver",
    namespace: "kube-system",
    network: "host",
    labels: { component: "kube-apiserver", tier: "control-plane" },
    portMappings: [],
    privileged: false,
  });
  const [container] = pod?.containers ?? [];
  expect(container).toMatchObject({
    kind: "main",
    pull: "missing",
    image: "registry.k8s.io/kube-apiserver:v1.31.0",
  });
  expect(container && containerOptions(container, facts)).toMatchObject({
    entrypoint: ["kube-apiserver", "--advertise-address=192.0.2.1", "--etcd-servers=https://127.0.0.1:2379"],
    limits: { cpuShares: 256 },
    oomScoreAdj: -997,
    stopTimeout: 30,
  });
  expect(container?.mounts).toEqual([
    expect.objectContaining({ volume: "ca-certs", containerPath: "/etc/ssl/certs", readonly: true }),
    expect.objectContaining({ volume: "k8s-certs", containerPath: "/etc/kubernetes/pki", readonly: true }),
  ]);
  expect(pod?.volumes.map(({ source }) => source)).toEqual([
    { kind: "hostPath", path: "/etc/ssl/certs", type: "DirectoryOrCreate" },
    { kind: "hostPath", path: "/etc/kubernetes/pki", type: "DirectoryOrCreate" },
  ]);
});

test("variables have values, those of the pod, of ConfigMaps and Secrets, and are put into others and into words", async () => {
  const lines = `
    command: [run, "$(GREETING)", "$$(GREETING)", "$(NOBODY)", "a$b"]
    args: ["--of=$(POD)"]
    workingDir: /work
    envFrom:
    - configMapRef: {name: settings}
    - secretRef: {name: keys}
      prefix: S_
    - configMapRef: {name: nowhere, optional: true}
    env:
    - {name: GREETING, value: hello}
    - {name: BOTH, value: "$(GREETING) $(S_password) $$(X) $(LATER)"}
    - {name: LATER, value: "1"}
    - {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
    - {name: UID_, valueFrom: {fieldRef: {fieldPath: metadata.uid}}}
    - {name: IPS, valueFrom: {fieldRef: {fieldPath: status.podIPs}}}
    - {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
    - {name: TIER, valueFrom: {fieldRef: {fieldPath: "metadata.labels['tier']"}}}
    - {name: NO_LABEL, valueFrom: {fieldRef: {fieldPath: "metadata.labels['constructor']"}}}
    - {name: MEM, valueFrom: {resourceFieldRef: {resource: limits.memory, divisor: 1Mi}}}
    - {name: CPU, valueFrom: {resourceFieldRef: {resource: requests.cpu, divisor: 1m}}}
    - {name: CPUS, valueFrom: {resourceFieldRef: {resource: limits.cpu}}}
    - {name: KEY, valueFrom: {secretKeyRef: {name: keys, key: password}}}
    - {name: NONE, valueFrom: {configMapKeyRef: {name: settings, key: gone, optional: true}}}
    resources: {limits: {memory: 64Mi}, requests: {cpu: 100m}}
`;
  const text = withContainer(lines).replace(
    "{name: web}",
    "{name: web, namespace: shop, labels: {tier: front}}",
  );
  const objects = [
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: shop}\ndata: {colour: red}\n",
    "apiVersion: v1\nkind: Secret\nmetadata: {name: keys}\ndata: {password: czNjcmV0}\nstringData: {user: me}\n",
  ];
  const [container] = (await podOf(text, ...objects)).containers;
  const made = container && containerOptions(container, facts);
  expect(made).toMatchObject({
    entrypoint: ["run", "hello", "$(GREETING)", "$(NOBODY)", "a$b"],
    command: ["--of=web"],
    cwd: "/work",
    limits: { memory: 64 * 2 ** 20, cpuShares: 102 },
  });
  expect(made?.env).toEqual([
    "colour=red",
    "S_password=s3cret",
    "S_user=me",
    "GREETING=hello",
    "BOTH=hello s3cret $(X) $(LATER)",
    "LATER=1",
    "POD=web",
    "UID_=the-uid",
    "IPS=10.0.0.7,fd00::7",
    "NODE=node1",
    "TIER=front",
    "NO_LABEL=",
    "MEM=64",
    "CPU=100",
    "CPUS=4",
    "KEY=s3cret",
  ]);
});

test("a container's security context goes before the pod's", async () => {
  const spec =
    "  securityContext: {runAsUser: 1, runAsGroup: 2, runAsNonRoot: true, fsGroup: 5, supplementalGroups: [6], seccompProfile: {type: Unconfined}}\n";
  const lines =
    "    securityContext: {runAsUser: 7, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {add: [NET_ADMIN], drop: [ALL]}, seccompProfile: {type: Localhost, localhostProfile: a/b.json}}\n";
  expect(await optionsOf(lines, spec)).toMatchObject({
    user: "7",
    group: 2,
    nonRoot: true,
    groups: [6, 5],
    noNewPrivileges: true,
    readOnly: true,
    capAdd: ["CAP_NET_ADMIN"],
    capDrop: ["ALL"],
    seccomp: "/var/lib/kubelet/seccomp/a/b.json",
  });
  const pod = await podOf(
    withContainer("    securityContext: {privileged: true}\n", "  hostIPC: true\n  hostPID: true\n"),
  );
  expect(pod.pod).toMatchObject({ privileged: true, ipc: "node", pid: "node" });
});

test("a container that asks for the profiles of the configuration has them, whatever its pod asks for", async () => {
  const profiles = (type: string): string =>
    `securityContext: {seccompProfile: {type: ${type}}, appArmorProfile: {type: ${type}}}\n`;
  const spec = `  ${profiles("Unconfined")}`;
  expect(await optionsOf("", spec)).toMatchObject({ seccomp: "unconfined", apparmor: "unconfined" });
  const { seccomp, apparmor } = await optionsOf(`    ${profiles("RuntimeDefault")}`, spec);
  expect({ seccomp, apparmor }).toEqual({ seccomp: undefined, apparmor: undefined });
});

test("the kernel takes containers in the kubelet's order when memory runs out", async () => {
  const score = async (resources: string): Promise<number | undefined> =>
    (await optionsOf(`    resources: ${resources}\n`)).oomScoreAdj;
  expect(await score("{}")).toBe(1000);
  expect(await score("{limits: {cpu: 1, memory: 1Gi}}")).toBe(-997);
  expect(await score("{requests: {memory: 2Gi}}")).toBe(750);
});

test("init containers come first, those that run on among them, and the rest in order", async () => {
  const text = `${head}  initContainers:
  - {name: one, image: a}
  - {name: two, image: b, restartPolicy: Always}
  containers:
  - {name: three, image: c}
  - {name: four, image: c, imagePullPolicy: Never}
`;
  const { containers } = await podOf(text);
  expect(containers.map(({ name, kind, pull }) => [name, kind, pull])).toEqual([
    ["one", "init", undefined],
    ["two", "sidecar", undefined],
    ["three", "main", undefined],
    ["four", "main", "never"],
  ]);
});

test("volumes hold what their sources say, by paths and modes", async () => {
  const volumes = `  volumes:
  - {name: all, configMap: {name: m, defaultMode: 0400}}
  - {name: some, secret: {secretName: s, items: [{key: k, path: deep/er, mode: 0640}]}}
  - {name: both, projected: {sources: [{configMap: {name: m}}, {secret: {name: s}}, {downwardAPI: {items: [{path: who, fieldRef: {fieldPath: metadata.name}}]}}]}}
  - {name: mem, emptyDir: {medium: Memory, sizeLimit: 1Mi}}
  - {name: disk, emptyDir: {}}
  - {name: implied}
`;
  const objects =
    "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: m}, data: {a: b}, binaryData: {bin: AAE=}}\n- {apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {k: v}}\n";
  const pod = await podOf(
    withContainer("    volumeMounts: [{name: all, mountPath: /all}]\n", volumes),
    objects,
  );
  const file = (path: string, mode: number, content: Buffer | string): unknown => ({ path, mode, content });
  expect(pod.volumes.map(({ source }) => source)).toEqual([
    { kind: "files", files: [file("bin", 0o400, Buffer.from([0, 1])), file("a", 0o400, Buffer.from("b"))] },
    { kind: "files", files: [file("deep/er", 0o640, Buffer.from("v"))] },
    {
      kind: "files",
      files: [
        file("bin", 0o644, Buffer.from([0, 1])),
        file("a", 0o644, Buffer.from("b")),
        file("k", 0o644, Buffer.from("v")),
        file("who", 0o644, "web"),
      ],
    },
    { kind: "emptyDir", memory: true, size: 2 ** 20 },
    { kind: "emptyDir", memory: false, size: undefined },
    { kind: "emptyDir", memory: false, size: undefined },
  ]);
  // Whatever the file says: a change would be lost.
  expect(pod.containers[0]?.mounts[0]?.readonly).toBe(true);
});

test("what makes pods is one of its template; other objects, unknown fields and what nobody does are told", async () => {
  const text = `apiVersion: v1
kind: Service
metadata: {name: s}
spec: {selector: {a: b}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, namespace: sales}
spec:
  replicas: 3
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      restartPolicy: Always
      nodeSelector: {disk: fast}
      tolerations: [{operator: Exists}]
      dnsPolicy: ClusterFirst
      containers:
      - name: c
        imge: busybox
        image: busybox
        lifecycle: {preStop: {exec: {command: ["true"]}}, stopSignal: SIGINT}
status: {replicas: 3}
`;
  const { pods, untold } = await plan(text);
  expect(pods.map(({ name, namespace, pod }) => [name, namespace, pod.labels])).toEqual([
    ["shop", "sales", { app: "shop" }],
  ]);
  expect(untold).toEqual([
    "a.yaml:1: Service s is not made, for it takes a cluster",
    "a.yaml:6: of Deployment shop one pod is made, for nobody minds how many there are",
    "a.yaml:21: spec.template.spec.containers[0].imge is unknown and not followed",
    "a.yaml: not followed, for nobody calls hooks here: spec.template.spec.containers[0].lifecycle.preStop",
    "a.yaml: not followed, for nobody schedules here: spec.template.spec.nodeSelector, spec.template.spec.tolerations",
    "a.yaml: not followed, for nobody restarts containers here: spec.template.spec.restartPolicy",
    "a.yaml: not followed, for the cluster's DNS is not known here, and the pod gets the node's: spec.template.spec.dnsPolicy",
  ]);
  expect(await podsOfFile({ name: "a.yaml", text })).toEqual([{ name: "shop", namespace: "sales" }]);
});

test.each([
  [
    withContainer("    env: [{name: A, value: 1}]\n"),
    "a.yaml:8: spec.containers[0].env[0].value must be text: put it in quotes",
  ],
  [
    withContainer("    command: [sleep, 5]\n"),
    "a.yaml:8: spec.containers[0].command must be a list of texts: put them in quotes",
  ],
  [
    withContainer("", "  volumes: [{name: d, persistentVolumeClaim: {claimName: data}}]\n"),
    "a.yaml:5: spec.volumes[0].persistentVolumeClaim claims data, which nobody can meet here",
  ],
  [
    withContainer("", "  volumes: [{name: d, nfs: {server: s, path: /}}]\n"),
    "a.yaml:5: spec.volumes[0].nfs is a kind of volume that nobody can mount here (volume d)",
  ],
  [
    withContainer(
      "",
      "  volumes: [{name: t, projected: {sources: [{serviceAccountToken: {path: token}}]}}]\n",
    ),
    "a.yaml:5: spec.volumes[0].projected.sources[0].serviceAccountToken is a claim that nobody can meet here, for it takes a cluster",
  ],
  [
    withContainer("", "  volumes: [{name: c, configMap: {name: gone}}]\n"),
    "a.yaml:5: spec.volumes[0].configMap.name names ConfigMap gone, which is in no file",
  ],
  [
    withContainer("    volumeMounts: [{name: gone, mountPath: /x}]\n"),
    "a.yaml:8: spec.containers[0].volumeMounts[0].name names no volume of the pod: gone",
  ],
  [
    withContainer(
      "    volumeMounts: [{name: v, mountPath: /x, subPath: ../y}]\n",
      "  volumes: [{name: v}]\n",
    ),
    'a.yaml:9: spec.containers[0].volumeMounts[0].subPath is "../y", and must lie below the volume',
  ],
  [
    withContainer(
      "",
      "  volumes: [{name: d, downwardAPI: {items: [{path: p, mode: 600, fieldRef: {fieldPath: metadata.name}}]}}]\n",
    ),
    "a.yaml:5: spec.volumes[0].downwardAPI.items[0].mode is 600, and no mode of a file: write it as 0644, or in decimal",
  ],
  [
    withContainer("", "  securityContext: {fsGroup: 2147483648}\n"),
    "a.yaml:5: spec.securityContext.fsGroup must be a whole number from 0 to 2147483647",
  ],
  [
    `apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata:\n  k: "${" ".repeat(300_000)}!"\n`,
    "a.yaml:5: data.k is no base64",
  ],
  [
    withContainer("    resources: {limits: {nvidia.com/gpu: 1}}\n"),
    "a.yaml:8: spec.containers[0].resources.limits.nvidia.com/gpu is a claim that nobody can meet here",
  ],
  [
    withContainer("    resources: {limits: {memory: lots}}\n"),
    "a.yaml:8: spec.containers[0].resources.limits.memory is no quantity, as 500m or 64Mi",
  ],
  [
    withContainer("    securityContext: {capabilities: {add: [FLY]}}\n"),
    'a.yaml:8: spec.containers[0].securityContext.capabilities.add has "FLY", which is no capability',
  ],
  [
    withContainer("  - {name: c, image: b}\n"),
    "a.yaml:8: spec.containers[1].name is the second of the name c",
  ],
  [`${head}  hostNetwork: yes please\n`, "a.yaml:5: spec.hostNetwork must be true or false"],
  [`${head}  containers: []\n`, "a.yaml:5: spec.containers names no container"],
  [
    head.replace("web", "../web"),
    'a.yaml:3: metadata.name is "../web": it takes small letters, digits, - and .',
  ],
  ["apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n", "a.yaml holds no pod"],
  ["just a text\n", "a.yaml:1: this is no object of Kubernetes"],
])("what cannot be is one line with the place: %#", async (text, message) => {
  expect(await refusalOf(text)).toBe(message);
});
