import { signalName } from "../../oci/signals";
import { KpodError } from "../../errors";
import type { StorageId } from "../../names/ids";
import { isNotFoundError } from "../../names/lookup";
import type { Container } from "../../oci/container";
import { getLogs } from "../../operations/logs";
import type { Sandbox, SandboxState } from "../../sandbox/sandbox";
import type { ServerView } from "../../server-parts";
import { checks } from "../check-list";
import { Facts } from "../facts";
import { containerObject, hasOtherRuntime } from "../facts/containers";
import { oomKills, type OomKill } from "../facts/oom-kills";
import { lookOnce } from "../examine";
import { layerChain } from "../../storage/images";
import { heldStoreLocks } from "../facts/lock-holders";
import { holdersOf, lockHolders } from "./holders";
import { memoryTroubleOf } from "./memory";
import type { ExplainedContainer, Explanation } from "./explanation";
import { chainOf, todoOf } from "./sentences";

/** How something is explained. */
export interface ExplainOptions {
  /** True where processes, mounts and cgroups are those of the node whose disk this is. */
  readonly live: boolean;
  /** Lines of the log's end. */
  readonly lines: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Explains why a pod or a container is as it is: its state, how it ended, what its log said last, what holds it, and what
 * the checks of the doctor find of it and of what it stands on. Nothing is changed.
 * @param idOrName of a container, or else of a pod
 * @throws KpodError NOT_FOUND, AMBIGUOUS, CORRUPT, IO, INTERRUPTED
 */
export async function explain(
  server: ServerView,
  idOrName: string,
  { live, lines, signal }: ExplainOptions,
): Promise<Explanation> {
  const { layout } = server.store;
  const held = live ? heldStoreLocks(layout) : [];
  await server.update();
  const { container, sandbox } = lookup(server, idOrName);
  const facts = new Facts(server, { live, quick: true });
  const members = container === undefined ? (sandbox?.containers() ?? []) : [container];
  const explained: ExplainedContainer[] = [];
  for (const member of members) explained.push(await explainOne(facts, member, lines, signal));
  const all = sandbox === undefined ? members : [...members, sandbox.infraContainer];
  const look = await lookOnce(
    // What walks trees would take long, and tells nothing of one container.
    checks.filter(({ id, quick, live: ofKernel }) =>
      // What the kernel killed is told with the container itself.
      ofKernel ? live && id !== "cgroup.oom" : quick,
    ),
    facts,
  );
  const concerned = await concernedIds(server, all);
  const findings = look.findings.filter(
    ({ object: { id, kind }, severity }) =>
      // What breaks the node as a whole concerns everything on it.
      (id !== undefined && concerned.has(id)) ||
      (id === undefined && kind === "path" && severity === "breaks-now"),
  );
  const judged = live ? all.filter((each) => !hasOtherRuntime(facts, each)) : [];
  const holders = [
    ...(await Promise.all(judged.map((each) => holdersOf(facts, each)))).flat(),
    ...lockHolders(layout, held),
  ];
  const unknown = look.unknown.map(({ id, why }) => `${id}: ${why}`);
  const podState = sandbox === undefined || container !== undefined ? null : podStateOf(sandbox, unknown);
  const [first] = all;
  if (first === undefined) throw new KpodError("NOT_FOUND", `${idOrName} has no containers`);
  const object = containerObject(facts, container ?? sandbox?.infraContainer ?? first);
  const told = { object, podState, containers: explained, holders, findings, unknown };
  return { ...told, chain: chainOf(told), todo: todoOf(told) };
}

function lookup(
  server: Pick<ServerView, "lists">,
  idOrName: string,
): { container?: Container; sandbox?: Sandbox | undefined } {
  try {
    const container = server.lists.lookupContainer(idOrName);
    return { container, sandbox: server.lists.getSandbox(container.sandboxId) };
  } catch (error) {
    if (!isNotFoundError(error)) throw error;
    return { sandbox: server.lists.lookupSandbox(idOrName) };
  }
}

function podStateOf(sandbox: Sandbox, unknown: string[]): SandboxState | null {
  try {
    return sandbox.state;
  } catch (error) {
    if (!(error instanceof KpodError)) throw error;
    unknown.push(error.message);
    return null;
  }
}

async function explainOne(
  facts: Facts,
  container: Container,
  lines: number,
  signal: AbortSignal | undefined,
): Promise<ExplainedContainer> {
  const { server } = facts;
  const { state, createdAt, metadata } = container;
  const status = state?.status ?? "unknown";
  const code = state?.exitCode;
  const log = await logOf(server, container, lines, signal);
  const killsOf = (): readonly OomKill[] =>
    facts.options.live ? (facts.get(oomKills).get(container.id) ?? []) : [];
  return {
    object: containerObject(facts, container),
    state: status,
    pid: state?.pid ?? 0,
    created: createdAt,
    started: state?.started ?? null,
    exit:
      status !== "stopped"
        ? null
        : {
            code: code ?? null,
            signal: code !== undefined && code > 128 ? (signalName(code - 128) ?? null) : null,
            oomKilled: state?.oomKilled === true,
            finished: state?.finished ?? null,
          },
    memory: memoryTroubleOf(container, state?.oomKilled === true, killsOf) ?? null,
    attempt: metadata.attempt,
    earlier: server.lists
      .listContainers(
        (other) =>
          other.sandboxId === container.sandboxId &&
          other.id !== container.id &&
          other.metadata.name === metadata.name &&
          other.metadata.attempt < metadata.attempt,
      )
      .map((other) => ({
        id: other.id,
        attempt: other.metadata.attempt,
        exitCode: other.state?.exitCode ?? null,
      })),
    ...log,
  };
}

async function logOf(
  server: ServerView,
  { id }: Container,
  tail: number,
  signal: AbortSignal | undefined,
): Promise<Pick<ExplainedContainer, "log" | "logUnread">> {
  const log: string[] = [];
  try {
    for await (const { text } of getLogs(server, id, { tail, signal })) log.push(text.toString("utf8"));
    return { log, logUnread: null };
  } catch (error) {
    if (!(error instanceof KpodError) || error.code === "INTERRUPTED") throw error;
    return { log, logUnread: error.message };
  }
}

/** A layer and those beneath it, also the first one that has no record: that is what is wrong then. */
function layersBeneath(
  parents: ReadonlyMap<StorageId, string | undefined>,
  top: string,
): readonly (string | undefined)[] {
  const chain = layerChain(parents, top);
  const last = chain.at(-1);
  return [...chain, last === undefined ? top : parents.get(last)];
}

/** The ids of what a container stands on: itself, its pod, its image, and all layers beneath it. */
async function concernedIds(
  { store }: Pick<ServerView, "store">,
  containers: readonly Container[],
): Promise<ReadonlySet<string | undefined>> {
  const parents = new Map((await store.layers()).map(({ id, parent }) => [id, parent]));
  return new Set(
    containers.flatMap(({ id, sandboxId, imageId, layerId }) => [
      id,
      sandboxId,
      imageId,
      ...layersBeneath(parents, layerId),
    ]),
  );
}
